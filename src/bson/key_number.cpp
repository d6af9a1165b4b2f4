#include <bit>
#include <cmath>
#include <optional>

#include "bson/key_encoding.h"

namespace ddsync::key_encoding {
namespace {

constexpr int kMantissaBits = 53;

// `odd` is not zero and has no factor 2.
void append_dyadic(std::string& out, bool negative, uint64_t odd, int exponent) {
  append_tag(out, Tag::dyadic);
  append_plain(out, negative ? -static_cast<int64_t>(odd) : static_cast<int64_t>(odd));
  append_plain(out, static_cast<int16_t>(exponent));
}

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

struct DecimalBits {
  uint64_t low = 0;
  uint64_t high = 0;
};

DecimalBits load_bits(const uint8_t* data) {
  DecimalBits bits;
  std::memcpy(&bits.low, data, sizeof bits.low);
  std::memcpy(&bits.high, data + sizeof bits.low, sizeof bits.high);
  return bits;
}

}  // namespace

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

NumberClass class_of_decimal128(const uint8_t* data) {
  const uint64_t high = load_bits(data).high;
  const uint64_t special = (high >> 58) & 0x1F;
  if (special == 0x1F) return NumberClass::nan;
  if (special != 0x1E) return NumberClass::finite;
  return (high >> 63) != 0 ? NumberClass::minus_infinity : NumberClass::infinity;
}

// Binary integer coding.
Decimal decode_decimal128(const uint8_t* data) {
  constexpr Uint128 kCoefficientMax = Uint128{10'000'000'000'000'000} * 1'000'000'000'000'000'000 - 1;
  constexpr int kExponentBias = 6176;
  const auto [low, high] = load_bits(data);
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
  switch (class_of_decimal128(data)) {
    case NumberClass::nan:
      return append_tag(out, Tag::nan);
    case NumberClass::minus_infinity:
      return append_tag(out, Tag::minus_infinity);
    case NumberClass::infinity:
      return append_tag(out, Tag::infinity);
    case NumberClass::finite:
      break;
  }
  const Decimal decimal = decode_decimal128(data);
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

}  // namespace ddsync::key_encoding
