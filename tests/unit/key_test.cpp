// Key identity: two ids have one key exactly when the server holds them for equal.
#include "bson/key.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "bson/extended_json.h"
#include "support/exact_number.h"

namespace ddsync {
namespace {

OwnedValue value(std::string_view json) {
  const std::string wrapped = "{\"_id\": " + std::string(json) + "}";
  const auto document = from_extended_json(wrapped);
  EXPECT_TRUE(document) << json;
  return document ? OwnedValue(find_value(document->view(), "_id")) : OwnedValue();
}

DocumentKey key(std::string_view json) { return canonical_key(value(json).view()); }
DocumentKey key(const OwnedValue& id) { return canonical_key(id.view()); }

void expect_one_key(const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    EXPECT_EQ(key(ids.front()), key(id)) << ids.front() << " and " << id;
  }
}

void expect_different_keys(const std::vector<std::string>& ids) {
  for (size_t a = 0; a < ids.size(); ++a) {
    for (size_t b = 0; b < a; ++b) EXPECT_FALSE(key(ids[a]) == key(ids[b])) << ids[a] << " and " << ids[b];
  }
}

TEST(KeyTest, IsOneForANumberInEveryType) {
  expect_one_key({R"({"$numberInt": "1"})", R"({"$numberLong": "1"})", R"({"$numberDouble": "1.0"})",
                  R"({"$numberDecimal": "1"})", R"({"$numberDecimal": "1.000"})",
                  R"({"$numberDecimal": "0.1E+1"})"});
  expect_one_key({R"({"$numberDouble": "0.5"})", R"({"$numberDecimal": "0.5"})",
                  R"({"$numberDecimal": "0.500000000000000000000000000000000"})"});
  expect_one_key({R"({"$numberDouble": "1e22"})", R"({"$numberDecimal": "1E22"})",
                  R"({"$numberDecimal": "10000000000000000000000"})"});
}

TEST(KeyTest, IsOneForEveryZero) {
  expect_one_key({R"({"$numberInt": "0"})", R"({"$numberLong": "0"})", R"({"$numberDouble": "0.0"})",
                  R"({"$numberDouble": "-0.0"})", R"({"$numberDecimal": "0"})", R"({"$numberDecimal": "-0"})",
                  R"({"$numberDecimal": "0E+6000"})", R"({"$numberDecimal": "-0E-6000"})"});
}

TEST(KeyTest, IsOneForNoNumberAndForEachInfinity) {
  expect_one_key({R"({"$numberDouble": "NaN"})", R"({"$numberDecimal": "NaN"})"});
  expect_one_key({R"({"$numberDouble": "Infinity"})", R"({"$numberDecimal": "Infinity"})"});
  expect_one_key({R"({"$numberDouble": "-Infinity"})", R"({"$numberDecimal": "-Infinity"})"});
  expect_different_keys({R"({"$numberDouble": "NaN"})", R"({"$numberDouble": "Infinity"})",
                         R"({"$numberDouble": "-Infinity"})", R"({"$numberInt": "0"})"});
}

TEST(KeyTest, IsOneForEveryBitPatternOfNaN) {
  const double quiet = std::numeric_limits<double>::quiet_NaN();
  const double negative = std::copysign(quiet, -1.0);
  const auto key_of = [](const double& number) {
    return canonical_key({BsonType::real, reinterpret_cast<const uint8_t*>(&number), sizeof number});
  };
  EXPECT_EQ(key_of(quiet), key_of(negative));
}

TEST(KeyTest, TellsNumbersApartThatOnlyRoundToOneAnother) {
  expect_different_keys({R"({"$numberDouble": "0.1"})", R"({"$numberDecimal": "0.1"})"});
  expect_different_keys(
      {R"({"$numberLong": "9007199254740993"})", R"({"$numberDouble": "9007199254740992"})"});
  expect_different_keys({R"({"$numberLong": "9223372036854775807"})",
                         R"({"$numberDouble": "9223372036854775808"})",
                         R"({"$numberDecimal": "9223372036854775809"})"});
  expect_different_keys({R"({"$numberDouble": "1e300"})", R"({"$numberDecimal": "1E300"})"});
}

TEST(KeyTest, KnowsTheEndsOfInt64InEveryType) {
  expect_one_key({R"({"$numberLong": "-9223372036854775808"})",
                  R"({"$numberDouble": "-9223372036854775808"})",
                  R"({"$numberDecimal": "-9223372036854775808"})"});
  expect_one_key(
      {R"({"$numberLong": "9223372036854775807"})", R"({"$numberDecimal": "9223372036854775807"})"});
  expect_one_key(
      {R"({"$numberDouble": "9223372036854775808"})", R"({"$numberDecimal": "9223372036854775808"})"});
}

TEST(KeyTest, CountsADecimalOfMoreThan34DigitsAsZero) {
  const test::DecimalBits largest = test::decimal_bits(false, test::kDecimalCoefficientMax, 0);
  EXPECT_FALSE(key(test::decimal_value(largest)) == key("0"));
  EXPECT_EQ(key(test::decimal_value(test::decimal_bits(false, test::kDecimalCoefficientMax + 1, 0))),
            key("0"));
  const test::DecimalBits large_form{.low = 5, .high = uint64_t{3} << 61 | 1};
  EXPECT_EQ(key(test::decimal_value(large_form)), key("0"));
}

TEST(KeyTest, IsOneForAStringAndASymbol) {
  expect_one_key({R"("text")", R"({"$symbol": "text"})"});
  expect_one_key({R"({"a": "text"})", R"({"a": {"$symbol": "text"}})"});
}

TEST(KeyTest, IsDifferentForEveryKindOfId) {
  expect_different_keys({R"("")",
                         R"("a")",
                         R"("a\u0000")",
                         "null",
                         R"({"$undefined": true})",
                         "true",
                         "false",
                         R"({"$numberInt": "0"})",
                         R"({"$numberInt": "1"})",
                         R"({"$oid": "57e193d7a9cc81b4027498b1"})",
                         R"({"$oid": "57e193d7a9cc81b4027498b2"})",
                         R"({"$date": {"$numberLong": "1"}})",
                         R"({"$timestamp": {"t": 0, "i": 1}})",
                         R"({"$timestamp": {"t": 1, "i": 0}})",
                         R"({"$binary": {"base64": "", "subType": "00"}})",
                         R"({"$binary": {"base64": "AQ==", "subType": "00"}})",
                         R"({"$binary": {"base64": "AQ==", "subType": "05"}})",
                         R"({"$regularExpression": {"pattern": "a", "options": ""}})",
                         R"({"$regularExpression": {"pattern": "a", "options": "i"}})",
                         R"({"$regularExpression": {"pattern": "", "options": "i"}})",
                         R"({"$code": "a"})",
                         R"({"$code": "a", "$scope": {}})",
                         R"({"$code": "a", "$scope": {"b": 1}})",
                         R"({"$dbPointer": {"$ref": "a.b", "$id": {"$oid": "57e193d7a9cc81b4027498b1"}}})",
                         R"({"$minKey": 1})",
                         R"({"$maxKey": 1})",
                         "{}",
                         "[]",
                         "[1]",
                         R"({"0": 1})",
                         R"({"a": 1})",
                         R"({"b": 1})",
                         R"({"a": 1, "b": 1})",
                         R"({"b": 1, "a": 1})",
                         R"({"a": {"b": 1}})",
                         R"({"a": {}, "b": 1})",
                         R"({"a": null})",
                         R"({"a": ["b", "c"]})",
                         R"({"a": ["b"], "c": ""})",
                         R"({"a": "b", "c": "d"})"});
}

TEST(KeyTest, ComparesTheFieldsOfDocumentsByValue) {
  expect_one_key({R"({"a": {"$numberInt": "1"}, "b": [{"$numberDouble": "0.0"}]})",
                  R"({"a": {"$numberDecimal": "1.0"}, "b": [{"$numberLong": "0"}]})"});
  expect_one_key({R"({"$code": "a", "$scope": {"b": {"$numberInt": "1"}}})",
                  R"({"$code": "a", "$scope": {"b": {"$numberDouble": "1.0"}}})"});
}

TEST(KeyTest, TakesTheSaltIntoTheHashOnly) {
  const OwnedValue id = value(R"({"$oid": "57e193d7a9cc81b4027498b1"})");
  EXPECT_EQ(canonical_key(id.view(), 1).bytes(), canonical_key(id.view(), 2).bytes());
  EXPECT_NE(canonical_key(id.view(), 1).hash(), canonical_key(id.view(), 2).hash());
}

TEST(KeyTest, OrdersIntegersByValue) {
  EXPECT_LT(key("-2"), key("-1"));
  EXPECT_LT(key("-1"), key("0"));
  EXPECT_LT(key("255"), key("256"));
}

TEST(KeyTest, FitsCommonIdsWithoutAllocation) {
  EXPECT_LE(key(R"({"$oid": "57e193d7a9cc81b4027498b1"})").bytes().size(), 15U);
  EXPECT_LE(key(R"({"$numberLong": "9223372036854775807"})").bytes().size(), 15U);
  EXPECT_LE(key(R"("14 characters!")").bytes().size(), 15U);
}

TEST(KeyTest, OfBytesTellsEqualNumbersApart) {
  EXPECT_FALSE(bytewise_key(value("1").view()) == bytewise_key(value(R"({"$numberDouble": "1.0"})").view()));
  EXPECT_EQ(bytewise_key(value("1").view()), bytewise_key(value("1").view()));
}

TEST(KeyTest, OfADocumentNestedTooDeepOrDamagedIsStillItsOwn) {
  OwnedDocument deep = wrap_value("a", value("1").view());
  for (int depth = 0; depth < 5000; ++depth) {
    deep = wrap_value("a", ValueView{BsonType::document, deep.view().data, deep.view().size});
  }
  const ValueView id{BsonType::document, deep.view().data, deep.view().size};
  EXPECT_EQ(canonical_key(id), canonical_key(id));
  std::string other(reinterpret_cast<const char*>(id.data), id.size);
  other[other.size() / 2] = 'b';
  const ValueView damaged{BsonType::document, reinterpret_cast<const uint8_t*>(other.data()), id.size};
  EXPECT_FALSE(canonical_key(id) == canonical_key(damaged));
}

// The oracle: exact decimal texts, made without the code under test (support/exact_number.h).
void expect_agreement(const test::Number& a, const test::Number& b) {
  ASSERT_EQ(key(a.value) == key(b.value), a.exact == b.exact)
      << to_extended_json(a.value.view()) << " = " << a.exact << "\n"
      << to_extended_json(b.value.view()) << " = " << b.exact;
}

TEST(KeyProperty, AgreesWithExactArithmeticOnRandomNumbers) {
  test::NumberGenerator generator(20'261'124);
  for (int i = 0; i < 100'000; ++i) {
    const test::Number number = generator.any();
    expect_agreement(number, generator.near(number));
    if (HasFatalFailure()) return;
  }
}

TEST(KeyProperty, IsOneForANumberWrittenInAnotherType) {
  test::NumberGenerator generator(7);
  int pairs = 0;
  for (int i = 0; i < 100'000; ++i) {
    const test::Number number = generator.any();
    for (const test::Number& same : generator.equals_of(number)) {
      ASSERT_EQ(number.exact, same.exact) << "the generator is wrong";
      expect_agreement(number, same);
      if (HasFatalFailure()) return;
      ++pairs;
    }
  }
  EXPECT_GT(pairs, 100'000);
}

}  // namespace
}  // namespace ddsync
