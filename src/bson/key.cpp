#include "bson/key.h"

#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

// Every encoding is a tag and then bytes that say themselves where they end, so that the encodings of a
// document's fields can follow one another. Numbers have one encoding per mathematical value, chosen in this
// order: an integer that fits int64; m * 2^e with an odd m of at most 53 bits (every other finite double,
// and the decimals equal to one); c * 10^q without trailing zeros (the decimals that no double equals).

namespace ddsync {
namespace {

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

constexpr char kField = 1;
constexpr char kEnd = 0;
// Servers refuse documents nested deeper than 200; what comes from a damaged buffer must not exhaust the
// stack.
constexpr int kNestingMax = 220;
constexpr int kMantissaBits = 53;

void append_tag(std::string& out, Tag tag) { out.push_back(static_cast<char>(tag)); }

template <typename T>
void append_plain(std::string& out, T value) {
  std::array<char, sizeof value> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  out.append(bytes.data(), bytes.size());
}

// Big-endian with the sign bit turned: sorted keys are sorted numbers, which keeps a batch's writes close
// together in the target's index.
uint64_t sortable(int64_t value) {
  return __builtin_bswap64(static_cast<uint64_t>(value) ^ (uint64_t{1} << 63));
}

void append_sized(std::string& out, std::string_view bytes) {
  append_plain(out, static_cast<uint32_t>(bytes.size()));
  out.append(bytes);
}

std::string_view bytes_of(ValueView value) { return {reinterpret_cast<const char*>(value.data), value.size}; }

void append_integer(std::string& out, int64_t value) {
  std::array<char, 9> bytes;
  bytes[0] = static_cast<char>(Tag::integer);
  const uint64_t sorted = sortable(value);
  std::memcpy(bytes.data() + 1, &sorted, sizeof sorted);
  out.append(bytes.data(), bytes.size());
}

// `odd` is not zero and has no factor 2.
void append_dyadic(std::string& out, bool negative, uint64_t odd, int exponent) {
  append_tag(out, Tag::dyadic);
  append_plain(out, negative ? -static_cast<int64_t>(odd) : static_cast<int64_t>(odd));
  append_plain(out, static_cast<int16_t>(exponent));
}

void append_double(std::string& out, double value) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (value >= -kTwoTo63 && value < kTwoTo63) {
    const auto integral = static_cast<int64_t>(value);
    if (static_cast<double>(integral) == value) return append_integer(out, integral);
  }
  if (std::isnan(value)) return append_tag(out, Tag::nan);
  if (std::isinf(value)) return append_tag(out, value > 0 ? Tag::infinity : Tag::minus_infinity);
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);
  const auto mantissa = static_cast<uint64_t>(std::ldexp(fraction, kMantissaBits));
  const int twos = std::countr_zero(mantissa);
  append_dyadic(out, value < 0, mantissa >> twos, exponent - kMantissaBits + twos);
}

// sign * coefficient * 10^exponent; the coefficient has no trailing decimal zero (or is 0).
struct Decimal {
  bool negative = false;
  Uint128 coefficient = 0;
  int exponent = 0;
};

std::optional<int64_t> as_int64(const Decimal& decimal) {
  constexpr Uint128 kLimit = Uint128{1} << 63;
  if (decimal.coefficient == 0) return 0;
  if (decimal.exponent < 0) return std::nullopt;
  Uint128 magnitude = decimal.coefficient;
  for (int i = 0; i < decimal.exponent; ++i) {
    if (magnitude > kLimit) return std::nullopt;
    magnitude *= 10;
  }
  if (magnitude > kLimit || (magnitude == kLimit && !decimal.negative)) return std::nullopt;
  const auto low = static_cast<uint64_t>(magnitude);
  return static_cast<int64_t>(decimal.negative ? 0 - low : low);
}

struct Dyadic {
  uint64_t odd = 0;
  int exponent = 0;
};

// coefficient * 2^q * 5^q as odd * 2^e, when that takes no more than a double's mantissa. The exponent is
// then always within a double's range: 5^|q| must fit the 34 digits (q < 0) or the mantissa (q > 0).
std::optional<Dyadic> as_dyadic(const Decimal& decimal) {
  constexpr Uint128 kMantissaMax = (Uint128{1} << kMantissaBits) - 1;
  Uint128 odd = decimal.coefficient;
  int exponent = decimal.exponent;
  while (odd % 2 == 0) {
    odd /= 2;
    ++exponent;
  }
  for (int fives = decimal.exponent; fives < 0; ++fives) {
    if (odd % 5 != 0) return std::nullopt;
    odd /= 5;
  }
  for (int fives = decimal.exponent; fives > 0; --fives) {
    if (odd > kMantissaMax) return std::nullopt;
    odd *= 5;
  }
  if (odd > kMantissaMax) return std::nullopt;
  return Dyadic{static_cast<uint64_t>(odd), exponent};
}

// The finite IEEE 754-2008 decimal128 in binary integer coding. A coefficient above 34 digits counts as 0.
Decimal decode_decimal(uint64_t high, uint64_t low) {
  constexpr Uint128 kCoefficientMax = Uint128{10'000'000'000'000'000} * 1'000'000'000'000'000'000 - 1;
  constexpr int kExponentBias = 6176;
  Decimal decimal;
  decimal.negative = (high >> 63) != 0;
  const bool large_form = ((high >> 61) & 3) == 3;
  if (large_form) return decimal;
  decimal.coefficient = (Uint128{high & 0x1'FFFF'FFFF'FFFF} << 64) | low;
  if (decimal.coefficient > kCoefficientMax) decimal.coefficient = 0;
  if (decimal.coefficient == 0) return decimal;
  decimal.exponent = static_cast<int>((high >> 49) & 0x3FFF) - kExponentBias;
  while (decimal.coefficient % 10 == 0) {
    decimal.coefficient /= 10;
    ++decimal.exponent;
  }
  return decimal;
}

void append_decimal128(std::string& out, const uint8_t* data) {
  uint64_t low = 0;
  uint64_t high = 0;
  std::memcpy(&low, data, sizeof low);
  std::memcpy(&high, data + sizeof low, sizeof high);
  const uint64_t special = (high >> 58) & 0x1F;
  if (special == 0x1F) return append_tag(out, Tag::nan);
  if (special == 0x1E) return append_tag(out, (high >> 63) != 0 ? Tag::minus_infinity : Tag::infinity);

  const Decimal decimal = decode_decimal(high, low);
  if (const auto integer = as_int64(decimal)) return append_integer(out, *integer);
  if (const auto dyadic = as_dyadic(decimal)) {
    return append_dyadic(out, decimal.negative, dyadic->odd, dyadic->exponent);
  }
  append_tag(out, Tag::decimal);
  out.push_back(decimal.negative ? '-' : '+');
  append_plain(out, static_cast<uint64_t>(decimal.coefficient >> 64));
  append_plain(out, static_cast<uint64_t>(decimal.coefficient));
  append_plain(out, static_cast<int16_t>(decimal.exponent));
}

void append_value(std::string& out, ValueView value, int depth);

void append_raw(std::string& out, ValueView value) {
  append_tag(out, Tag::raw);
  out.push_back(static_cast<char>(value.type));
  append_sized(out, bytes_of(value));
}

// Fields in order with their names; of an array only the values, as the servers compare it. False = damaged.
bool append_fields(std::string& out, DocumentView document, bool names, int depth) {
  ElementCursor cursor(document);
  while (cursor.next()) {
    out.push_back(kField);
    if (names) {
      out.append(cursor.name());
      out.push_back(kEnd);
    }
    append_value(out, cursor.value(), depth + 1);
  }
  out.push_back(kEnd);
  return !cursor.malformed();
}

void append_document(std::string& out, ValueView value, int depth) {
  const size_t start = out.size();
  const bool is_array = value.type == BsonType::array;
  append_tag(out, is_array ? Tag::array : Tag::document);
  if (depth < kNestingMax && append_fields(out, value.as_document(), !is_array, depth)) return;
  out.resize(start);
  append_raw(out, value);
}

void append_code_with_scope(std::string& out, ValueView value, int depth) {
  constexpr uint32_t kTotalSize = 4;
  const ValueView code{BsonType::code, value.data + kTotalSize, value.size - kTotalSize};
  const auto code_size = static_cast<uint32_t>(ValueView{BsonType::int32, code.data, 4}.as_int32());
  if (code_size < 1 || code_size > code.size - 4) return append_raw(out, value);
  const uint32_t scope_at = 4 + code_size;
  const size_t start = out.size();
  append_tag(out, Tag::code_with_scope);
  append_sized(out, bytes_of(code).substr(4, code_size - 1));
  const DocumentView scope{code.data + scope_at, code.size - scope_at};
  if (!scope.empty() && depth < kNestingMax && append_fields(out, scope, true, depth)) return;
  out.resize(start);
  append_raw(out, value);
}

void append_tagged(std::string& out, Tag tag, ValueView value) {
  append_tag(out, tag);
  out.append(bytes_of(value));
}

void append_value(std::string& out, ValueView value, int depth) {
  switch (value.type) {
    case BsonType::object_id:
      return append_tagged(out, Tag::object_id, value);
    case BsonType::int32:
      return append_integer(out, value.as_int32());
    case BsonType::int64:
      return append_integer(out, value.as_int64());
    case BsonType::real:
      return append_double(out, value.as_double());
    case BsonType::decimal128:
      return append_decimal128(out, value.data);
    case BsonType::string:
    case BsonType::symbol:
      append_tag(out, Tag::string);
      return append_sized(out, value.as_string());
    case BsonType::code:
      append_tag(out, Tag::code);
      return append_sized(out, value.as_string());
    case BsonType::document:
    case BsonType::array:
      return append_document(out, value, depth);
    case BsonType::binary:
      append_tag(out, Tag::binary);
      return append_sized(out, bytes_of(value));
    case BsonType::boolean:
      return append_tag(out, value.as_bool() ? Tag::true_value : Tag::false_value);
    case BsonType::date:
      return append_tagged(out, Tag::date, value);
    case BsonType::timestamp:
      return append_tagged(out, Tag::timestamp, value);
    case BsonType::regex:
      return append_tagged(out, Tag::regex, value);
    case BsonType::db_pointer:
      return append_tagged(out, Tag::db_pointer, value);
    case BsonType::code_with_scope:
      return append_code_with_scope(out, value, depth);
    case BsonType::null:
      return append_tag(out, Tag::null);
    case BsonType::undefined:
      return append_tag(out, Tag::undefined);
    case BsonType::min_key:
      return append_tag(out, Tag::min_key);
    case BsonType::max_key:
      return append_tag(out, Tag::max_key);
    case BsonType::eod:
      break;
  }
}

uint64_t hash_bytes(const std::string& bytes, uint32_t salt) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), salt);
}

}  // namespace

DocumentKey canonical_key(ValueView id, uint32_t namespace_salt) {
  DocumentKey key;
  if (id.type == BsonType::string || id.type == BsonType::symbol) {
    const std::string_view text = id.as_string();
    key.bytes_.reserve(1 + text.size());
    append_tag(key.bytes_, Tag::whole_string);
    key.bytes_.append(text);
  } else {
    append_value(key.bytes_, id, 0);
  }
  key.hash_ = hash_bytes(key.bytes_, namespace_salt);
  return key;
}

DocumentKey bytewise_key(ValueView id, uint32_t namespace_salt) {
  DocumentKey key;
  key.bytes_.reserve(1 + id.size);
  key.bytes_.push_back(static_cast<char>(id.type));
  key.bytes_.append(bytes_of(id));
  key.hash_ = hash_bytes(key.bytes_, namespace_salt);
  return key;
}

}  // namespace ddsync
