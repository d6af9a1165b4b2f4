#include "bson/order_number.h"

#include <charconv>
#include <cmath>

namespace ddsync {
namespace {

using key_encoding::Decimal;
using key_encoding::NumberClass;
using key_encoding::Uint128;

constexpr int kHeadDigits = 34;  // as many as a decimal128 has
// Significant decimal digits of a double, written out exactly.
constexpr int kDoubleDigits_max = 767;

bool is_integer(const ValueView& value) {
  return value.type == BsonType::int32 || value.type == BsonType::int64;
}

int64_t integer_of(const ValueView& value) {
  return value.type == BsonType::int32 ? value.as_int32() : value.as_int64();
}

// sign * d.ddd... * 10^exponent: the first 34 digits, and whether others follow that are not zero. Only a
// double can have those, so of two different types one is always exact.
struct Magnitude {
  int sign = 0;      // 0: zero
  int exponent = 0;  // infinity: above all finite ones
  Uint128 head = 0;  // 34 digits, the first one not 0
  bool more = false;
};

Magnitude infinite(int sign) {
  constexpr int kBeyondAll = 1 << 20;
  return {.sign = sign, .exponent = kBeyondAll, .head = 0, .more = false};
}

Magnitude of_decimal(const Decimal& decimal) {
  if (decimal.coefficient == 0) return {};
  Magnitude result{.sign = decimal.negative ? -1 : 1,
                   .exponent = decimal.exponent + kHeadDigits - 1,
                   .head = decimal.coefficient,
                   .more = false};
  constexpr Uint128 kSmallestHead = Uint128{1'000'000'000'000'000'000} * 1'000'000'000'000'000;  // 10^33
  while (result.head < kSmallestHead) {
    result.head *= 10;
    --result.exponent;
  }
  return result;
}

Magnitude of_integer(int64_t value) {
  const uint64_t magnitude = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  return of_decimal({.negative = value < 0, .coefficient = magnitude, .exponent = 0});
}

Magnitude of_double(double value) {
  if (value == 0) return {};
  const int sign = value < 0 ? -1 : 1;
  if (std::isinf(value)) return infinite(sign);
  std::array<char, kDoubleDigits_max + 16> text;
  const char* end = std::to_chars(text.data(), text.data() + text.size(), std::fabs(value),
                                  std::chars_format::scientific, kDoubleDigits_max - 1)
                        .ptr;
  Magnitude result{.sign = sign, .exponent = 0, .head = 0, .more = false};
  int digits = 0;
  const char* at = text.data();
  for (; at != end && *at != 'e'; ++at) {
    if (*at == '.') continue;
    const auto digit = static_cast<unsigned>(*at - '0');
    if (digits++ < kHeadDigits)
      result.head = result.head * 10 + digit;
    else
      result.more = result.more || digit != 0;
  }
  const bool plus = end - at > 1 && at[1] == '+';  // from_chars knows no '+'
  std::from_chars(at + (plus ? 2 : 1), end, result.exponent);
  return result;
}

Magnitude magnitude_of(const ValueView& value) {
  if (is_integer(value)) return of_integer(integer_of(value));
  if (value.type == BsonType::real) return of_double(value.as_double());
  switch (key_encoding::class_of_decimal128(value.data)) {
    case NumberClass::infinity:
      return infinite(1);
    case NumberClass::minus_infinity:
      return infinite(-1);
    default:
      return of_decimal(key_encoding::decode_decimal128(value.data));
  }
}

int compare_magnitudes(const Magnitude& a, const Magnitude& b) {
  if (a.exponent != b.exponent) return three_way(a.exponent, b.exponent);
  if (a.head != b.head) return three_way(a.head, b.head);
  return three_way(static_cast<int>(a.more), static_cast<int>(b.more));
}

}  // namespace

int compare_numbers(ValueView a, ValueView b) {
  if (is_integer(a) && is_integer(b)) return three_way(integer_of(a), integer_of(b));
  if (a.type == BsonType::real && b.type == BsonType::real) return three_way(a.as_double(), b.as_double());
  const Magnitude left = magnitude_of(a);
  const Magnitude right = magnitude_of(b);
  if (left.sign != right.sign || left.sign == 0) return three_way(left.sign, right.sign);
  return left.sign * compare_magnitudes(left, right);
}

}  // namespace ddsync
