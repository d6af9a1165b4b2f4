// How ids become key bytes; only for key.cpp, key_number.cpp and order.cpp.
//
// Every encoding is a tag and then bytes that say themselves where they end, so that the encodings of a
// document's fields can follow one another. Numbers have one encoding per mathematical value, chosen in this
// order: an integer that fits int64; m * 2^e with an odd m of at most 53 bits (every other finite double,
// and the decimals equal to one); c * 10^q without trailing zeros (the decimals that no double equals).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace ddsync::key_encoding {

__extension__ using Uint128 = unsigned __int128;

enum class Tag : char {
  integer = 'i',
  dyadic = 'd',
  decimal = 'q',
  nan = 'n',
  infinity = 'p',
  minus_infinity = 'm',
  whole_string = 'S',  // at top level only: the text reaches to the end of the key
  string = 's',
  document = 'o',
  array = 'a',
  binary = 'b',
  object_id = 'O',
  true_value = 't',
  false_value = 'f',
  date = 'D',
  timestamp = 'T',
  null = '0',
  undefined = 'u',
  regex = 'r',
  db_pointer = 'P',
  code = 'c',
  code_with_scope = 'C',
  min_key = '<',
  max_key = '>',
  raw = '!',  // too deep or damaged: type and bytes
};

inline void append_tag(std::string& out, Tag tag) { out.push_back(static_cast<char>(tag)); }

template <typename T>
void append_plain(std::string& out, T value) {
  std::array<char, sizeof value> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  out.append(bytes.data(), bytes.size());
}

// Big-endian with the sign bit turned: sorted keys are sorted numbers, which keeps a batch's writes close
// together in the target's index.
inline uint64_t sortable(int64_t value) {
  return __builtin_bswap64(static_cast<uint64_t>(value) ^ (uint64_t{1} << 63));
}

inline void append_integer(std::string& out, int64_t value) {
  std::array<char, 9> bytes;
  bytes[0] = static_cast<char>(Tag::integer);
  const uint64_t sorted = sortable(value);
  std::memcpy(bytes.data() + 1, &sorted, sizeof sorted);
  out.append(bytes.data(), bytes.size());
}

// The number's one encoding, see above.
void append_double(std::string& out, double value);
// `data`: the 16 bytes of a BSON decimal128.
void append_decimal128(std::string& out, const uint8_t* data);

// sign * coefficient * 10^exponent; the coefficient has no trailing decimal zero (or is 0).
struct Decimal {
  bool negative = false;
  Uint128 coefficient = 0;
  int exponent = 0;
};

enum class NumberClass : uint8_t { nan, minus_infinity, finite, infinity };
NumberClass class_of_decimal128(const uint8_t* data);
// Of a finite one. A coefficient above 34 digits counts as 0 (IEEE 754-2008).
Decimal decode_decimal128(const uint8_t* data);

}  // namespace ddsync::key_encoding
