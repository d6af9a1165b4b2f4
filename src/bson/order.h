// The order in which the servers sort _ids, and the brackets of types that it is made of: a comparison in a
// query finds values of its operand's bracket only.
// Source: MongoDB's canonicalizeBSONType and BSONElement::compareElements; measured on secantusd, and of
// DocumentDB in shared/SERVERS.md. Without collation. Pure, thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "bson/view.h"

namespace ddsync {

// In the servers' order. The numbers are part of durable states: never renumber.
enum class Bracket : uint32_t {
  all = 0,  // no bracket: a range over every type
  min_key = 1,
  undefined = 2,
  null = 3,
  nan = 4,  // sorts below all numbers, and no comparison with a number finds it
  numbers = 5,
  strings = 6,  // and symbols
  documents = 7,
  arrays = 8,  // no server takes one as _id; inside of documents they have their place
  binary = 9,
  object_id = 10,
  boolean = 11,
  date = 12,
  timestamp = 13,
  regex = 14,  // as arrays
  db_pointer = 15,
  code = 16,
  code_with_scope = 17,
  max_key = 18,
};

// Every bracket that an _id can be of, ascending.
inline constexpr auto kIdBrackets = std::to_array<Bracket>(
    {Bracket::min_key, Bracket::undefined, Bracket::null, Bracket::nan, Bracket::numbers, Bracket::strings,
     Bracket::documents, Bracket::binary, Bracket::object_id, Bracket::boolean, Bracket::date,
     Bracket::timestamp, Bracket::db_pointer, Bracket::code, Bracket::code_with_scope, Bracket::max_key});

// Bracket::all for a missing value.
Bracket bracket_of(ValueView value);

// A bracket that holds one value only: at most one document has such an _id.
constexpr bool holds_one_value(Bracket bracket) {
  return bracket == Bracket::min_key || bracket == Bracket::undefined || bracket == Bracket::null ||
         bracket == Bracket::nan || bracket == Bracket::max_key;
}

// Below 0: `a` sorts before `b`; 0: they are one _id. The bytes of both must be those of a valid document.
// Deeper than 220 levels, where no server's document reaches, bytes are compared.
int compare_ids(ValueView a, ValueView b);

}  // namespace ddsync
