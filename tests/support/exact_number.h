// BSON numbers at random, each with its exact value as text: a slow oracle that shares nothing with the code
// it checks. A double's digits are printf's (exact, as glibc prints them), a decimal's are its coefficient's.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "bson/owned.h"

namespace ddsync::test {

__extension__ using Uint128 = unsigned __int128;

inline constexpr int kDecimalDigitsMax = 34;
inline constexpr int kDecimalExponentMin = -6176;
inline constexpr int kDecimalExponentMax = 6111;
inline constexpr Uint128 kDecimalCoefficientMax =
    Uint128{10'000'000'000'000'000} * 1'000'000'000'000'000'000 - 1;

struct DecimalBits {
  uint64_t low = 0;
  uint64_t high = 0;
};

// coefficient * 10^exponent in binary integer coding.
inline DecimalBits decimal_bits(bool negative, Uint128 coefficient, int exponent) {
  const auto biased = static_cast<uint64_t>(exponent - kDecimalExponentMin);
  return {
      .low = static_cast<uint64_t>(coefficient),
      .high = (negative ? uint64_t{1} << 63 : 0) | biased << 49 | static_cast<uint64_t>(coefficient >> 64)};
}

template <typename T>
OwnedValue plain_value(BsonType type, const T& content) {
  return OwnedValue(ValueView{type, reinterpret_cast<const uint8_t*>(&content), sizeof content});
}

inline OwnedValue decimal_value(DecimalBits bits) { return plain_value(BsonType::decimal128, bits); }

// "-12e-3" without leading or trailing zeros in the digits; "0", "NaN", "inf" and "-inf". Equal texts are
// equal numbers.
inline std::string exact_text(bool negative, std::string digits, int exponent) {
  digits.erase(0, digits.find_first_not_of('0'));
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (digits.empty()) return "0";
  return (negative ? "-" : "") + digits + "e" + std::to_string(exponent);
}

struct Number {
  OwnedValue value;
  std::string exact;
};

inline Number integer(int64_t number) {
  const std::string digits = std::to_string(number);
  const bool negative = number < 0;
  return {plain_value(BsonType::int64, number), exact_text(negative, digits.substr(negative ? 1 : 0), 0)};
}

inline Number small_integer(int32_t number) {
  return {plain_value(BsonType::int32, number), integer(number).exact};
}

inline Number real(double number) {
  const OwnedValue value = plain_value(BsonType::real, number);
  if (std::isnan(number)) return {value, "NaN"};
  if (std::isinf(number)) return {value, number < 0 ? "-inf" : "inf"};
  constexpr int kDecimals = 1074;
  std::array<char, 1500> text;
  const int length = std::snprintf(text.data(), text.size(), "%.*f", kDecimals, std::fabs(number));
  std::string digits(text.data(), static_cast<size_t>(length));
  digits.erase(digits.find('.'), 1);
  return {value, exact_text(number < 0, digits, -kDecimals)};
}

inline Number decimal(bool negative, const std::string& digits, int exponent) {
  Uint128 coefficient = 0;
  for (const char digit : digits) coefficient = coefficient * 10 + static_cast<unsigned>(digit - '0');
  return {decimal_value(decimal_bits(negative, coefficient, exponent)),
          exact_text(negative, digits, exponent)};
}

class NumberGenerator {
 public:
  explicit NumberGenerator(uint64_t seed) : random_(seed) {}

  // Of any type; many small, many at the borders of the types, many that two types can hold.
  Number any() {
    switch (below(4)) {
      case 0:
        return small_integer(static_cast<int32_t>(any_integer()));
      case 1:
        return integer(any_integer());
      case 2:
        return real(any_double());
      default:
        return any_decimal();
    }
  }

  // Equal to `number` in another type, close to it, or unrelated.
  Number near(const Number& number) {
    if (below(4) == 0) return any();
    const std::vector<Number> equals = equals_of(number);
    if (equals.empty()) return any();
    const Number& chosen = equals[static_cast<size_t>(below(static_cast<int>(equals.size())))];
    return below(2) == 0 ? chosen : neighbour(chosen);
  }

  // The same number in the other ways there are to write it.
  std::vector<Number> equals_of(const Number& number) {
    if (number.exact == "NaN" || number.exact.find("inf") != std::string::npos)
      return equals_of_special(number);
    std::vector<Number> equals;
    add_doubles(number.exact, equals);
    add_integers(number.exact, equals);
    add_decimals(number.exact, equals);
    return equals;
  }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<uint64_t>(limit)); }

  int64_t any_integer() {
    const int64_t small = below(2001) - 1000;
    switch (below(4)) {
      case 0:
        return small;
      case 1:  // a power of two and its surroundings, 2^53 and 2^63 among them
        return static_cast<int64_t>((uint64_t{1} << below(64)) + static_cast<uint64_t>(small / 500));
      case 2:
        return static_cast<int64_t>(static_cast<uint64_t>(small) * 1'000'000'000'000'000'000U);
      default:
        return static_cast<int64_t>(random_());
    }
  }

  double any_double() {
    switch (below(6)) {
      case 0:
        return static_cast<double>(any_integer());
      case 1:
        return std::ldexp(static_cast<double>(any_integer()), below(60) - 50);
      case 2:
        return std::ldexp(below(3) - 1, below(2200) - 1100);
      case 3:
        return below(1000) / 100.0;
      case 4:
        return std::pow(10.0, below(40));
      default: {
        const uint64_t bits = random_();
        double number = 0;
        std::memcpy(&number, &bits, sizeof number);
        return number;
      }
    }
  }

  Number any_decimal() {
    constexpr uint64_t kInfinityBits = uint64_t{0x1E} << 58;
    constexpr uint64_t kNaNBits = uint64_t{0x1F} << 58;
    switch (below(20)) {
      case 0:
        return {decimal_value({.low = random_(), .high = kInfinityBits}), "inf"};
      case 1:
        return {decimal_value({.low = random_(), .high = kNaNBits}), "NaN"};
      default:
        break;
    }
    std::string digits;
    const int length = below(4) == 0 ? 1 + below(kDecimalDigitsMax) : 1 + below(3);
    for (int i = 0; i < length; ++i) digits.push_back(static_cast<char>('0' + below(10)));
    const bool wide = below(4) == 0;
    const int exponent =
        wide ? kDecimalExponentMin + below(kDecimalExponentMax - kDecimalExponentMin + 1) : below(61) - 30;
    return decimal(below(2) == 0, digits, exponent);
  }

  static Number neighbour(const Number& number) {
    const ValueView view = number.value.view();
    if (view.type == BsonType::real) {
      return real(std::nextafter(view.as_double(), std::numeric_limits<double>::max()));
    }
    if (view.type == BsonType::int64 && view.as_int64() != std::numeric_limits<int64_t>::max()) {
      return integer(view.as_int64() + 1);
    }
    const auto parts = parse(number.exact);
    if (!parts || parts->digits.size() >= kDecimalDigitsMax) return number;
    if (parts->exponent < kDecimalExponentMin + 1 || parts->exponent > kDecimalExponentMax) return number;
    return decimal(parts->negative, parts->digits + "1", parts->exponent - 1);
  }

  struct Parts {
    bool negative = false;
    std::string digits;
    int exponent = 0;
  };

  static std::optional<Parts> parse(const std::string& exact) {
    const size_t e = exact.find('e');
    if (exact == "0") return Parts{false, "0", 0};
    if (e == std::string::npos) return std::nullopt;
    const bool negative = exact.front() == '-';
    const size_t start = negative ? 1 : 0;
    return Parts{negative, exact.substr(start, e - start), std::atoi(exact.c_str() + e + 1)};
  }

  static std::vector<Number> equals_of_special(const Number& number) {
    const double infinity = std::numeric_limits<double>::infinity();
    if (number.exact == "NaN") return {real(std::numeric_limits<double>::quiet_NaN())};
    return {real(number.exact == "inf" ? infinity : -infinity)};
  }

  static void add_doubles(const std::string& exact, std::vector<Number>& equals) {
    const Number nearest = real(std::strtod(exact.c_str(), nullptr));
    if (nearest.exact == exact) equals.push_back(nearest);
    if (exact == "0") equals.push_back(real(-0.0));
  }

  static void add_integers(const std::string& exact, std::vector<Number>& equals) {
    const auto parts = parse(exact);
    if (!parts || parts->exponent < 0 || parts->digits.size() + static_cast<size_t>(parts->exponent) > 19)
      return;
    const std::string text =
        (parts->negative ? "-" : "") + parts->digits + std::string(static_cast<size_t>(parts->exponent), '0');
    const int64_t number = std::strtoll(text.c_str(), nullptr, 10);
    if (std::to_string(number) != text) return;
    equals.push_back(integer(number));
    if (number == static_cast<int32_t>(number)) equals.push_back(small_integer(static_cast<int32_t>(number)));
  }

  void add_decimals(const std::string& exact, std::vector<Number>& equals) {
    auto parts = parse(exact);
    if (!parts) return;
    if (exact == "0") parts->exponent = below(kDecimalExponentMax) - below(-kDecimalExponentMin);
    for (int zeros = 0; zeros < 3; ++zeros) {
      const bool fits = parts->digits.size() <= kDecimalDigitsMax && parts->exponent >= kDecimalExponentMin &&
                        parts->exponent <= kDecimalExponentMax;
      if (fits) equals.push_back(decimal(parts->negative, parts->digits, parts->exponent));
      const int more = 1 + below(5);
      parts->digits.append(static_cast<size_t>(more), '0');
      parts->exponent -= more;
    }
  }

  std::mt19937_64 random_;
};

}  // namespace ddsync::test
