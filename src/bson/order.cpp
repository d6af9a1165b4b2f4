#include "bson/order.h"

#include <cmath>
#include <string_view>

#include "bson/order_number.h"

namespace ddsync {
namespace {

template <typename T>
T load(const uint8_t* data) {
  T value;
  std::memcpy(&value, data, sizeof value);
  return value;
}

// Bytes as unsigned numbers, then the shorter first.
int compare_text(std::string_view a, std::string_view b) { return three_way(a.compare(b), 0); }

int compare_bytes(ValueView a, ValueView b) {
  return compare_text({reinterpret_cast<const char*>(a.data), a.size},
                      {reinterpret_cast<const char*>(b.data), b.size});
}

int compare_by_length(ValueView a, ValueView b) {
  if (a.size != b.size) return three_way(a.size, b.size);
  return compare_bytes(a, b);
}

int compare_at(ValueView a, ValueView b, int depth);

// Field by field: the bracket of the types, then the names, then the values; the shorter document first.
int compare_documents(DocumentView a, DocumentView b, int depth) {
  ElementCursor left(a);
  ElementCursor right(b);
  for (;;) {
    const bool more_left = left.next();
    const bool more_right = right.next();
    if (!more_left || !more_right)
      return three_way(static_cast<int>(more_left), static_cast<int>(more_right));
    // NaN is a bracket of its own only for queries: as a type it is a number.
    const auto type = [](const ValueView& value) {
      const Bracket bracket = bracket_of(value);
      return bracket == Bracket::nan ? Bracket::numbers : bracket;
    };
    if (const int types = three_way(type(left.value()), type(right.value())); types != 0) return types;
    if (const int names = compare_text(left.name(), right.name()); names != 0) return names;
    if (const int values = compare_at(left.value(), right.value(), depth + 1); values != 0) return values;
  }
}

// The code of {code, scope}, with its terminator; the scope follows it. Empty when the bytes are damaged.
ValueView code_of(ValueView value) {
  constexpr uint32_t kTotalSize = 4;
  const uint8_t* start = value.data + kTotalSize;
  const auto size = load<uint32_t>(start);
  if (size < 1 || size > value.size - 2 * kTotalSize) return {};
  return {BsonType::code, start, size + kTotalSize};
}

int compare_code_with_scope(ValueView a, ValueView b, int depth) {
  const ValueView left = code_of(a);
  const ValueView right = code_of(b);
  if (left.missing() || right.missing()) return compare_bytes(a, b);
  if (const int codes = compare_text(left.as_string(), right.as_string()); codes != 0) return codes;
  const auto scope = [](ValueView whole, ValueView code) {
    const uint8_t* start = code.data + code.size;
    return DocumentView{start, static_cast<uint32_t>(whole.data + whole.size - start)};
  };
  return compare_documents(scope(a, left), scope(b, right), depth + 1);
}

int compare_regex(ValueView a, ValueView b) {
  const auto* left = reinterpret_cast<const char*>(a.data);
  const auto* right = reinterpret_cast<const char*>(b.data);
  if (const int patterns = compare_text(left, right); patterns != 0) return patterns;
  return compare_text(left + std::strlen(left) + 1, right + std::strlen(right) + 1);
}

int compare_at(ValueView a, ValueView b, int depth) {
  const Bracket bracket = bracket_of(a);
  if (bracket != bracket_of(b)) return three_way(bracket, bracket_of(b));
  switch (bracket) {
    case Bracket::numbers:
      return compare_numbers(a, b);
    case Bracket::strings:
    case Bracket::code:
      return compare_text(a.as_string(), b.as_string());
    case Bracket::documents:
    case Bracket::arrays:
      return depth < kNestingMax ? compare_documents(a.as_document(), b.as_document(), depth)
                                 : compare_bytes(a, b);
    case Bracket::binary:  // length, subtype, bytes: in this order they are the value
    case Bracket::db_pointer:
      return compare_by_length(a, b);
    case Bracket::object_id:
    case Bracket::boolean:
      return compare_bytes(a, b);
    case Bracket::date:
      return three_way(load<int64_t>(a.data), load<int64_t>(b.data));
    case Bracket::timestamp:
      return three_way(load<uint64_t>(a.data), load<uint64_t>(b.data));
    case Bracket::regex:
      return compare_regex(a, b);
    case Bracket::code_with_scope:
      return depth < kNestingMax ? compare_code_with_scope(a, b, depth) : compare_bytes(a, b);
    default:
      return 0;
  }
}

bool is_nan(ValueView value) {
  if (value.type == BsonType::real) return std::isnan(value.as_double());
  return key_encoding::class_of_decimal128(value.data) == key_encoding::NumberClass::nan;
}

}  // namespace

Bracket bracket_of(ValueView value) {
  switch (value.type) {
    case BsonType::eod:
      return Bracket::all;
    case BsonType::min_key:
      return Bracket::min_key;
    case BsonType::undefined:
      return Bracket::undefined;
    case BsonType::null:
      return Bracket::null;
    case BsonType::real:
    case BsonType::decimal128:
      return is_nan(value) ? Bracket::nan : Bracket::numbers;
    case BsonType::int32:
    case BsonType::int64:
      return Bracket::numbers;
    case BsonType::string:
    case BsonType::symbol:
      return Bracket::strings;
    case BsonType::document:
      return Bracket::documents;
    case BsonType::array:
      return Bracket::arrays;
    case BsonType::binary:
      return Bracket::binary;
    case BsonType::object_id:
      return Bracket::object_id;
    case BsonType::boolean:
      return Bracket::boolean;
    case BsonType::date:
      return Bracket::date;
    case BsonType::timestamp:
      return Bracket::timestamp;
    case BsonType::regex:
      return Bracket::regex;
    case BsonType::db_pointer:
      return Bracket::db_pointer;
    case BsonType::code:
      return Bracket::code;
    case BsonType::code_with_scope:
      return Bracket::code_with_scope;
    case BsonType::max_key:
      return Bracket::max_key;
  }
  return Bracket::all;
}

int compare_ids(ValueView a, ValueView b) { return compare_at(a, b, 0); }

}  // namespace ddsync
