#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "bson/extended_json.h"
#include "bson/key.h"
#include "bson/order.h"
#include "support/exact_number.h"

namespace ddsync {
namespace {

OwnedValue value(const std::string& json) {
  return OwnedValue(find_value(from_extended_json(R"({"v": )" + json + "}").value().view(), "v"));
}

int compare(const OwnedValue& a, const OwnedValue& b) { return compare_ids(a.view(), b.view()); }

// In the servers' order: each before the next one.
const std::vector<std::string> kAscending = {
    R"({"$minKey": 1})",
    R"({"$undefined": true})",
    "null",
    R"({"$numberDouble": "NaN"})",
    R"({"$numberDouble": "-Infinity"})",
    R"({"$numberLong": "-9223372036854775808"})",
    R"({"$numberInt": "-1"})",
    R"({"$numberDecimal": "-1E-6176"})",
    R"({"$numberDouble": "-0.0"})",
    R"({"$numberDouble": "5e-324"})",
    R"({"$numberDecimal": "0.1"})",
    R"({"$numberDecimal": "0.1000000000000000055511151231257827"})",  // the first 34 digits of the double 0.1
    R"({"$numberDouble": "0.1"})",
    R"({"$numberInt": "5"})",
    R"({"$numberDouble": "5.5"})",
    R"({"$numberDouble": "9007199254740992"})",
    R"({"$numberLong": "9007199254740993"})",
    R"({"$numberLong": "9223372036854775807"})",
    R"({"$numberDouble": "9223372036854775808"})",
    R"({"$numberDecimal": "1E+6000"})",
    R"({"$numberDecimal": "Infinity"})",
    R"("")",
    R"("\u0000")",
    R"("a")",
    R"({"$symbol": "aa"})",
    R"("b")",
    R"("é")",
    "{}",
    R"({"b": null})",
    R"({"a": 1})",
    R"({"a": 1, "b": {"$numberDouble": "NaN"}})",
    R"({"a": 1, "b": 1})",
    R"({"a": {"$numberDouble": "1.5"}})",
    R"({"b": {"$numberDouble": "NaN"}})",
    R"({"b": 0})",
    R"({"a": "x"})",
    R"([])",
    R"({"$binary": {"base64": "/w==", "subType": "05"}})",
    R"({"$binary": {"base64": "AAA=", "subType": "00"}})",
    R"({"$binary": {"base64": "AAE=", "subType": "00"}})",
    R"({"$binary": {"base64": "AAA=", "subType": "80"}})",
    R"({"$oid": "000000000000000000000000"})",
    R"({"$oid": "ff0000000000000000000000"})",
    "false",
    "true",
    R"({"$date": {"$numberLong": "-1"}})",
    R"({"$date": {"$numberLong": "0"}})",
    R"({"$timestamp": {"t": 1, "i": 4000000000}})",
    R"({"$timestamp": {"t": 4000000000, "i": 1}})",
    R"({"$regularExpression": {"pattern": "a", "options": ""}})",
    R"({"$dbPointer": {"$ref": "z", "$id": {"$oid": "000000000000000000000000"}}})",
    R"({"$dbPointer": {"$ref": "aa", "$id": {"$oid": "000000000000000000000000"}}})",
    R"({"$code": "b"})",
    R"({"$code": "a", "$scope": {}})",
    R"({"$code": "a", "$scope": {"x": 1}})",
    R"({"$code": "b", "$scope": {}})",
    R"({"$maxKey": 1})",
};

TEST(BsonOrder, IsThatOfTheServers) {
  for (size_t a = 0; a < kAscending.size(); ++a)
    for (size_t b = 0; b < kAscending.size(); ++b)
      EXPECT_EQ(compare(value(kAscending[a]), value(kAscending[b])), a < b ? -1 : static_cast<int>(a > b))
          << kAscending[a] << " and " << kAscending[b];
}

TEST(BsonOrder, HasTheBracketsInTheOrderOfTheirNumbers) {
  Bracket last = Bracket::all;
  for (const std::string& json : kAscending) {
    const Bracket bracket = bracket_of(value(json).view());
    EXPECT_GE(bracket, last) << json;
    EXPECT_LE(static_cast<uint32_t>(bracket) - static_cast<uint32_t>(last), 1u) << json;
    last = bracket;
  }
  EXPECT_EQ(last, Bracket::max_key);
  EXPECT_EQ(bracket_of(ValueView()), Bracket::all);
}

TEST(BsonOrder, PutsANaNOfEveryTypeIntoABracketOfItsOwn) {
  EXPECT_EQ(bracket_of(value(R"({"$numberDecimal": "NaN"})").view()), Bracket::nan);
  EXPECT_EQ(compare(value(R"({"$numberDecimal": "NaN"})"), value(R"({"$numberDouble": "NaN"})")), 0);
}

TEST(BsonOrder, HoldsEqualWhatIsOneId) {
  EXPECT_EQ(compare(value(R"({"$numberDouble": "-0.0"})"), value("0")), 0);
  EXPECT_EQ(compare(value(R"({"$numberDecimal": "5.00"})"), value(R"({"$numberDouble": "5"})")), 0);
  EXPECT_EQ(compare(value(R"({"$symbol": "a"})"), value(R"("a")")), 0);
  EXPECT_EQ(compare(value(R"({"a": {"$numberLong": "1"}})"), value(R"({"a": {"$numberDouble": "1"}})")), 0);
}

// By text: sign, then the place of the first digit, then digits.
int exact_order(const std::string& a, const std::string& b) {
  struct Parts {
    int sign;
    int64_t place;
    std::string digits;
  };
  const auto parse = [](std::string text) -> Parts {
    if (text == "0") return {0, 0, ""};
    const bool negative = text.front() == '-';
    if (negative) text.erase(0, 1);
    if (text == "inf") return {negative ? -1 : 1, 1'000'000, ""};
    const size_t e = text.find('e');
    return {negative ? -1 : 1, std::stoll(text.substr(e + 1)) + static_cast<int64_t>(e), text.substr(0, e)};
  };
  const Parts left = parse(a);
  const Parts right = parse(b);
  if (left.sign != right.sign) return left.sign < right.sign ? -1 : 1;
  if (left.place != right.place) return (left.place < right.place ? -1 : 1) * left.sign;
  const int digits = left.digits.compare(right.digits);
  return digits == 0 ? 0 : (digits < 0 ? -1 : 1) * left.sign;
}

TEST(BsonOrderProperty, OfNumbersAgreesWithExactArithmetic) {
  test::NumberGenerator numbers(20'261'126);
  for (int i = 0; i < 100'000; ++i) {
    const test::Number a = numbers.any();
    const test::Number b = numbers.near(a);
    const bool a_is_nan = a.exact == "NaN";
    const bool b_is_nan = b.exact == "NaN";
    const int expected = a_is_nan || b_is_nan ? static_cast<int>(b_is_nan) - static_cast<int>(a_is_nan)
                                              : exact_order(a.exact, b.exact);
    ASSERT_EQ(compare(a.value, b.value), expected) << a.exact << " and " << b.exact;
  }
}

TEST(BsonOrderProperty, FindsEqualExactlyWhatHasOneKey) {
  test::NumberGenerator numbers(7);
  std::vector<OwnedValue> values;
  for (const std::string& json : kAscending) values.push_back(value(json));
  for (int i = 0; i < 300; ++i) {
    const test::Number number = numbers.any();
    values.push_back(number.value);
    values.push_back(numbers.near(number).value);
  }
  for (const OwnedValue& a : values)
    for (const OwnedValue& b : values) {
      ASSERT_EQ(compare(a, b) == 0, canonical_key(a.view()) == canonical_key(b.view()))
          << to_extended_json(a.view()) << " and " << to_extended_json(b.view());
      ASSERT_EQ(compare(a, b), -compare(b, a));
    }
}

}  // namespace
}  // namespace ddsync
