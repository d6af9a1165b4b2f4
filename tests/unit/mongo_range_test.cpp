#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include "bson/extended_json.h"
#include "mongo/binary_query.h"
#include "mongo/boundaries.h"
#include "mongo/range_query.h"
#include "support/exact_number.h"

namespace ddsync::mongo {
namespace {

const Namespace kNs{"db", "c"};

OwnedValue value(const std::string& json) {
  return OwnedValue(find_value(from_extended_json(R"({"v": )" + json + "}").value().view(), "v"));
}

CopyRange range(Bracket bracket, OwnedValue from = {}, OwnedValue to = {}) {
  return {.ns = kNs, .bracket = static_cast<uint32_t>(bracket), .from = std::move(from), .to = std::move(to)};
}

// What the JSON says, with `#type` for `$type`, which libbson would read as a binary's subtype.
std::string filter_text(const std::string& json) {
  std::string text = to_extended_json(from_extended_json(json).value().view());
  std::ranges::replace(text, '#', '$');
  return text;
}

void expect_filters(const CopyRange& given, const OwnedValue& after,
                    const std::vector<std::string>& expected) {
  const auto filters = range_filters(given, after);
  ASSERT_EQ(filters.size(), expected.size());
  for (size_t i = 0; i < filters.size(); ++i)
    EXPECT_EQ(to_extended_json(filters[i].view()), filter_text(expected[i]));
}

TEST(RangeQuery, OfAWholeCollectionIsEmpty) { expect_filters(range(Bracket::all), {}, {"{}"}); }

TEST(RangeQuery, ContinuesAWholeCollectionInItsBracketAndThenByType) {
  expect_filters(range(Bracket::all), value(R"("x")"),
                 {R"({"_id": {"$gt": "x"}})", R"({"_id": {"#type": [3, 5, 7, 8, 9, 17, 12, 13, 15, 127]}})"});
  expect_filters(range(Bracket::all), value(R"({"$code": "x", "$scope": {}})"),
                 {R"({"_id": {"$gt": {"$code": "x", "$scope": {}}}})", R"({"_id": {"#type": 127}})"});
}

TEST(RangeQuery, ContinuesBehindANaNWithEveryNumberButNaN) {
  expect_filters(range(Bracket::all), value(R"({"$numberDouble": "NaN"})"),
                 {R"({"_id": {"$gte": {"$numberDouble": "-Infinity"}}})",
                  R"({"_id": {"#type": [2, 14, 3, 5, 7, 8, 9, 17, 12, 13, 15, 127]}})"});
}

TEST(RangeQuery, ContinuesBehindNullWithNaNAmongTheNumbers) {
  expect_filters(range(Bracket::all), value("null"),
                 {R"({"_id": {"#type": [1, 16, 18, 19, 2, 14, 3, 5, 7, 8, 9, 17, 12, 13, 15, 127]}})"});
}

TEST(RangeQuery, ContinuesBehindUndefinedWithNull) {
  expect_filters(range(Bracket::all), value(R"({"$undefined": true})"),
                 {R"({"_id": {"#type": [10, 1, 16, 18, 19, 2, 14, 3, 5, 7, 8, 9, 17, 12, 13, 15, 127]}})"});
}

TEST(RangeQuery, FindsNothingBehindTheLastValue) {
  expect_filters(range(Bracket::all), value(R"({"$maxKey": 1})"), {});
  expect_filters(range(Bracket::null), value("null"), {});
  expect_filters(range(Bracket::nan), value(R"({"$numberDouble": "NaN"})"), {});
}

TEST(RangeQuery, BoundsByComparisonsThatFindTheirBracketOnly) {
  expect_filters(range(Bracket::numbers, value("5"), value("9")), {}, {R"({"_id": {"$gt": 5, "$lte": 9}})"});
  expect_filters(range(Bracket::numbers, {}, value("9")), {}, {R"({"_id": {"$lte": 9}})"});
  expect_filters(range(Bracket::strings, value(R"("")"), {}), {}, {R"({"_id": {"$gt": ""}})"});
  expect_filters(range(Bracket::documents, value("{}"), value(R"({"a": 1})")), {},
                 {R"({"_id": {"$gt": {}, "$lte": {"a": 1}}})"});
}

TEST(RangeQuery, ContinuesWithinItsBounds) {
  expect_filters(range(Bracket::numbers, value("5"), value("9")), value("7"),
                 {R"({"_id": {"$gt": 7, "$lte": 9}})"});
  expect_filters(range(Bracket::date), value(R"({"$date": {"$numberLong": "-5"}})"),
                 {R"({"_id": {"$gt": {"$date": {"$numberLong": "-5"}}}})"});
}

std::string binary(const char* base64, const char* subtype) {
  return std::string(R"({"$binary": {"base64": ")") + base64 + R"(", "subType": ")" + subtype + R"("}})";
}

TEST(RangeQuery, CutsBinaryRangesWhereTheLengthChanges) {
  const OwnedValue from = value(binary("qrs=", "04"));
  const auto expected = [](const std::string& condition) { return R"({"_id": {)" + condition + "}}"; };
  const std::string rest =
      expected(R"("$gt": )" + binary("qrs=", "04") + R"(, "$lte": )" + binary("//8=", "ff"));
  expect_filters(range(Bracket::binary, from, value(binary("u8w=", "05"))), {},
                 {expected(R"("$gt": )" + binary("qrs=", "04") + R"(, "$lte": )" + binary("u8w=", "05"))});
  expect_filters(range(Bracket::binary, from, {}), {},
                 {rest, expected(R"("$gte": )" + binary("AAAA", "00"))});
  expect_filters(
      range(Bracket::binary, from, value(binary("u8zdEQ==", "00"))), {},
      {rest, expected(R"("$gte": )" + binary("AAAA", "00") + R"(, "$lte": )" + binary("////", "ff")),
       expected(R"("$gte": )" + binary("AAAAAA==", "00") + R"(, "$lte": )" + binary("u8zdEQ==", "00"))});
  expect_filters(range(Bracket::binary, {}, value(binary("", "00"))), {},
                 {expected(R"("$gte": )" + binary("", "00") + R"(, "$lte": )" + binary("", "00"))});
}

// MongoDB's order, and what secantusd makes of it: both ways of comparing must agree.
TEST(RangeQuery, LeavesOutBoundsOfAnotherBracket) {
  const std::string some = binary("qrs=", "04");
  for (const char* other : {"null", "7", R"("x")", R"({"$numberDouble": "NaN"})", "{}"}) {
    expect_filters(range(Bracket::binary, value(other), value(other)), value(other),
                   {R"({"_id": {"$gte": )" + binary("", "00") + "}}"});
    const auto expected = range_filters(range(Bracket::binary, value(some)), {});
    const auto filters = range_filters(range(Bracket::binary, value(some), value(other)), value(other));
    EXPECT_EQ(filters, expected) << other;
  }
  expect_filters(range(Bracket::strings, {}, value("7")), value(R"("x")"), {R"({"_id": {"$gt": "x"}})"});
}

bool in_part(const BinaryPart& part, const OwnedValue& id) {
  const auto bytes = [](const OwnedValue& value) {
    const ValueView view = value.view();
    return std::string_view(reinterpret_cast<const char*>(view.data) + 5, view.size - 5);
  };
  const auto within = [&](auto compare) {
    const int lower = compare(id, part.lower);
    return (part.lower_included ? lower >= 0 : lower > 0) &&
           (part.upper.missing() || compare(id, part.upper) <= 0);
  };
  const auto order = [](const OwnedValue& a, const OwnedValue& b) { return compare_ids(a.view(), b.view()); };
  const bool in_order = within(order);
  if (in_order) {
    EXPECT_TRUE(within([&](const OwnedValue& a, const OwnedValue& b) { return bytes(a).compare(bytes(b)); }))
        << to_extended_json(id.view());
  }
  return in_order;
}

TEST(RangeQueryProperty, PartsOfBinaryRangesHoldEachValueOnceHoweverBytesAreCompared) {
  std::mt19937_64 random(3);
  char subtype = 0;
  const auto any = [&] {
    const auto length = static_cast<uint32_t>(random() % 4);
    std::string bytes(4, '\0');
    std::memcpy(bytes.data(), &length, sizeof length);
    bytes.push_back(subtype);
    for (uint32_t i = 0; i < length; ++i) bytes.push_back(static_cast<char>(random() % 3 * 127));
    return OwnedValue(ValueView{BsonType::binary, reinterpret_cast<const uint8_t*>(bytes.data()),
                                static_cast<uint32_t>(bytes.size())});
  };
  for (int round = 0; round < 20'000; ++round) {
    subtype = static_cast<char>(std::array<int, 4>{0, 4, 5, 255}[random() % 4]);
    OwnedValue from = random() % 4 == 0 ? OwnedValue() : any();
    OwnedValue to = random() % 4 == 0 ? OwnedValue() : any();
    if (!from.missing() && !to.missing() && compare_ids(from.view(), to.view()) > 0) std::swap(from, to);
    const OwnedValue id = any();
    const bool wanted = (from.missing() || compare_ids(id.view(), from.view()) > 0) &&
                        (to.missing() || compare_ids(id.view(), to.view()) <= 0);
    const auto parts = binary_parts(from, to);
    ASSERT_EQ(std::ranges::count_if(parts, [&](const BinaryPart& part) { return in_part(part, id); }),
              wanted ? 1 : 0);
  }
}

TEST(RangeQuery, OfAWholeBracketLeavesOutNoValueOfIt) {
  expect_filters(range(Bracket::min_key), {}, {R"({"_id": {"$eq": {"$minKey": 1}, "#type": -1}})"});
  expect_filters(range(Bracket::undefined), {}, {R"({"_id": {"#type": 6}})"});
  expect_filters(range(Bracket::null), {}, {R"({"_id": {"$eq": null, "#type": 10}})"});
  expect_filters(range(Bracket::nan), {}, {R"({"_id": {"$eq": {"$numberDouble": "NaN"}}})"});
  expect_filters(range(Bracket::numbers), {}, {R"({"_id": {"$gte": {"$numberDouble": "-Infinity"}}})"});
  expect_filters(range(Bracket::strings), {}, {R"({"_id": {"$gte": ""}})"});
  expect_filters(range(Bracket::documents), {}, {R"({"_id": {"$gte": {}}})"});
  expect_filters(range(Bracket::binary), {},
                 {R"({"_id": {"$gte": {"$binary": {"base64": "", "subType": "00"}}}})"});
  expect_filters(range(Bracket::object_id), {},
                 {R"({"_id": {"$gte": {"$oid": "000000000000000000000000"}}})"});
  expect_filters(range(Bracket::boolean), {}, {R"({"_id": {"$gte": false}})"});
  expect_filters(range(Bracket::date), {}, {R"({"_id": {"#type": 9}})"});
  expect_filters(range(Bracket::timestamp), {}, {R"({"_id": {"$gte": {"$timestamp": {"t": 0, "i": 0}}}})"});
  expect_filters(range(Bracket::db_pointer), {}, {R"({"_id": {"#type": 12}})"});
  expect_filters(range(Bracket::code), {}, {R"({"_id": {"#type": 13}})"});
  expect_filters(range(Bracket::code_with_scope), {}, {R"({"_id": {"#type": 15}})"});
  expect_filters(range(Bracket::max_key), {}, {R"({"_id": {"$eq": {"$maxKey": 1}, "#type": 127}})"});
}

TEST(RangeQuery, ProbesRareTypesByTheirSmallestValue) {
  const auto probe = [](Bracket bracket) { return to_extended_json(bracket_probe(bracket).view()); };
  EXPECT_EQ(
      from_extended_json(probe(Bracket::db_pointer)),
      from_extended_json(
          R"({"_id": {"$gte": {"$dbPointer": {"$ref": "", "$id": {"$oid": "000000000000000000000000"}}}}})"));
  EXPECT_EQ(from_extended_json(probe(Bracket::code)),
            from_extended_json(R"({"_id": {"$gte": {"$code": ""}}})"));
  EXPECT_EQ(from_extended_json(probe(Bracket::code_with_scope)),
            from_extended_json(R"({"_id": {"$gte": {"$code": "", "$scope": {}}}})"));
  EXPECT_EQ(from_extended_json(probe(Bracket::date)),
            from_extended_json(R"({"_id": {"$gte": {"$date": {"$numberLong": "-9223372036854775808"}}}})"));
}

// What the servers do with a range of one bracket.
bool holds(const CopyRange& range, const OwnedValue& id) {
  if (static_cast<uint32_t>(bracket_of(id.view())) != range.bracket) return false;
  if (!range.from.missing() && compare_ids(id.view(), range.from.view()) <= 0) return false;
  return range.to.missing() || compare_ids(id.view(), range.to.view()) <= 0;
}

TEST(Boundaries, PutEveryIdIntoExactlyOneRangeWhateverTheSamples) {
  test::NumberGenerator numbers(42);
  std::mt19937_64 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<OwnedValue> ids;
    ids.reserve(301);
    for (int i = 0; i < 200; ++i) ids.push_back(numbers.any().value);
    for (int i = 0; i < 100; ++i) ids.push_back(value('"' + std::to_string(random() % 90) + '"'));
    ids.push_back(value("null"));
    Samples samples{.ids = ids, .per_range = 1 + random() % 20, .has_collation = false};
    std::ranges::shuffle(samples.ids, random);
    samples.ids.resize(random() % samples.ids.size());
    const auto ranges =
        make_ranges(kNs, {Bracket::null, Bracket::nan, Bracket::numbers, Bracket::strings}, samples);
    for (const OwnedValue& id : ids)
      ASSERT_EQ(std::ranges::count_if(ranges, [&](const CopyRange& range) { return holds(range, id); }), 1)
          << to_extended_json(id.view());
  }
}

TEST(Boundaries, RiseStrictlyAlsoWhereSamplesRepeat) {
  const Samples samples{
      .ids = {value("3"), value("1"), value("3"), value(R"({"$numberDouble": "3"})"), value("2")},
      .per_range = 1,
      .has_collation = false};
  const auto ranges = make_ranges(kNs, {Bracket::numbers}, samples);
  const std::vector<CopyRange> expected = {range(Bracket::numbers, {}, value("2")),
                                           range(Bracket::numbers, value("2"), value("3")),
                                           range(Bracket::numbers, value("3"), {})};
  EXPECT_EQ(ranges, expected);
}

TEST(Boundaries, OfBinaryIdsRiseAlsoWhereSubtypesDoNotCount) {
  const OwnedValue high = value(binary("//8=", "00"));
  const Samples samples{.ids = {value(binary("AAA=", "00")), high, value(binary("u8w=", "04"))},
                        .per_range = 1,
                        .has_collation = false};
  EXPECT_EQ(make_ranges(kNs, {Bracket::binary}, samples),
            (std::vector<CopyRange>{range(Bracket::binary, {}, high), range(Bracket::binary, high, {})}));
}

TEST(Boundaries, AreNotMadeWhereTheOrderIsNotKnown) {
  Samples samples{.ids = {value(R"("a")"), value(R"("b")"), value(R"("c")"), value(R"({"$code": "a"})"),
                          value(R"({"$code": "b"})")},
                  .per_range = 1,
                  .has_collation = true};
  EXPECT_EQ(make_ranges(kNs, {Bracket::strings, Bracket::code}, samples).size(), 2u);
  samples.has_collation = false;
  EXPECT_EQ(make_ranges(kNs, {Bracket::strings, Bracket::code}, samples).size(), 4u);
}

TEST(Boundaries, LeaveOutSamplesOfBracketsThatWereNotThere) {
  const Samples samples{.ids = {value("1"), value("2")}, .per_range = 1, .has_collation = false};
  EXPECT_EQ(make_ranges(kNs, {Bracket::object_id}, samples).size(), 1u);
}

TEST(RangesWanted, AreOneForASmallCollectionAndBoundedForAHugeOne) {
  EXPECT_EQ(ranges_wanted(0), 1u);
  EXPECT_EQ(ranges_wanted(19'999), 1u);
  EXPECT_EQ(ranges_wanted(60'000), 2u);
  EXPECT_EQ(ranges_wanted(1'000'000), 28u);
  EXPECT_LE(ranges_wanted(uint64_t{1} << 50) + kIdBrackets.size(), kRanges_max);
}

}  // namespace
}  // namespace ddsync::mongo
