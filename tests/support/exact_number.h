// BSON numbers at random, each with its exact value as a decimal string made by long arithmetic: a slow oracle
// that shares nothing with the code it checks.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "bson/owned.h"

namespace ddsync::test {

__extension__ using Uint128 = unsigned __int128;

inline constexpr Uint128 kDecimalCoefficientMax =
    Uint128{10'000'000'000'000'000} * 1'000'000'000'000'000'000 - 1;

struct DecimalBits {
  uint64_t low = 0;
  uint64_t high = 0;
};

// coefficient * 10^exponent in binary integer coding; -6176 <= exponent <= 6111.
DecimalBits decimal_bits(bool negative, Uint128 coefficient, int exponent);

OwnedValue decimal_value(DecimalBits bits);
OwnedValue double_value(double number);
OwnedValue int32_value(int32_t number);
OwnedValue int64_value(int64_t number);

struct Number {
  OwnedValue value;
  std::string exact;  // "-123.45", "0", "NaN", "Infinity": equal strings = equal numbers
};

class NumberGenerator {
 public:
  explicit NumberGenerator(uint64_t seed) : random_(seed) {}

  // Of any type; many small, many at the borders of the types, many that two types can hold.
  Number any();
  // Equal to `number` in another type, one off, or unrelated.
  Number near(const Number& number);
  // The same number in every other way there is to write it.
  std::vector<Number> equals_of(const Number& number);

 private:
  Number any_integer();
  Number any_double();
  Number any_decimal();
  uint64_t bits() { return random_(); }
  int below(int limit) { return static_cast<int>(random_() % static_cast<uint64_t>(limit)); }

  std::mt19937_64 random_;
};

}  // namespace ddsync::test
