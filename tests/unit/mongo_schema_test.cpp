#include <gtest/gtest.h>

#include "bson/extended_json.h"
#include "mongo/schema_support.h"

namespace ddsync::mongo {
namespace {

OwnedDocument document(const std::string& json) { return from_extended_json(json).value(); }

std::string index(const std::string& json) {
  return to_extended_json(normalised_index(document(json)).view());
}
std::string options(const std::string& json) {
  return to_extended_json(normalised_options(document(json)).view());
}
std::string plain(const std::string& json) { return to_extended_json(document(json).view()); }

ServerInfo documentdb() {
  ServerInfo info;
  info.is_documentdb = true;
  return info;
}

PlannedCollection collection(const std::string& options) {
  PlannedCollection planned;
  planned.ns = {"db", "c"};
  planned.options = document(options);
  return planned;
}

// "what" of each, with a "~" before what is dropped silently.
std::vector<std::string> unsupported(const std::string& options, const std::vector<OwnedDocument>& indexes,
                                     const ServerInfo& target) {
  std::vector<std::string> found;
  for (const UnsupportedOption& option : unsupported_options(collection(options), indexes, target)) {
    EXPECT_EQ(option.ns.name(), "db.c");
    EXPECT_FALSE(option.why.empty());
    found.push_back((option.refused ? "" : "~") + option.what);
  }
  return found;
}

using List = std::vector<std::string>;

TEST(NormalisedIndex, LeavesOutWhatServersAddAndDefaults) {
  EXPECT_EQ(
      index(R"({"v": 2, "key": {"a": 1}, "name": "a_1", "ns": "db.c", "background": true, "unique": false,
                      "sparse": false, "hidden": false, "storageEngine": {"enableOrderedIndex": true}})"),
      plain(R"({"key": {"a": 1}, "name": "a_1"})"));
}

TEST(NormalisedIndex, KeepsWhatMatters) {
  const std::string given = R"({"key": {"b": -1, "a": "hashed"}, "name": "x", "expireAfterSeconds": 0,
      "partialFilterExpression": {"a": {"$gt": 1.0}}, "sparse": true, "storageEngine": {"wiredTiger": {"configString": "x"}},
      "unique": true})";
  EXPECT_EQ(index(given), plain(given));
}

TEST(NormalisedIndex, IsTheSameWhateverTheOrderOfFieldsAndTheTypesOfNumbers) {
  EXPECT_EQ(
      index(R"({"unique": 1, "name": "x", "expireAfterSeconds": {"$numberLong": "60"},
                      "key": {"b": {"$numberDouble": "1"}, "a": {"$numberLong": "-1"}}})"),
      index(
          R"({"key": {"b": 1, "a": -1}, "expireAfterSeconds": {"$numberDouble": "60"}, "name": "x", "unique": 1})"));
  EXPECT_NE(index(R"({"key": {"a": 1, "b": 1}, "name": "x"})"),
            index(R"({"key": {"b": 1, "a": 1}, "name": "x"})"));
}

TEST(NormalisedIndex, LeavesOutTheDefaultsOfTextIndexes) {
  EXPECT_EQ(
      index(
          R"({"key": {"_fts": "text", "_ftsx": 1}, "name": "t", "weights": {"a": 1}, "default_language": "english",
                      "language_override": "language", "textIndexVersion": 3})"),
      plain(R"({"key": {"_fts": "text", "_ftsx": 1}, "name": "t", "weights": {"a": 1}})"));
  EXPECT_NE(index(R"({"key": {"a": "text"}, "name": "t", "default_language": "german"})"),
            index(R"({"key": {"a": "text"}, "name": "t"})"));
}

TEST(NormalisedIndex, LeavesOutTheVersionOfACollation) {
  EXPECT_EQ(index(R"({"key": {"a": 1}, "name": "x", "collation": {"locale": "de", "version": "57.1"}})"),
            plain(R"({"key": {"a": 1}, "name": "x", "collation": {"locale": "de"}})"));
}

TEST(IndexToCreate, HasTheVersionOfItsKindAsTheSourceListsIt) {
  const std::string sphere = R"({"key": {"a": "2dsphere"}, "name": "x", "2dsphereIndexVersion": 2})";
  const OwnedDocument listed = document(R"({"v": 2, "ns": "db.c", )" + sphere.substr(1));
  EXPECT_EQ(supported_indexes({listed}, ServerInfo()).front(), index_to_create(listed));
  EXPECT_EQ(to_extended_json(index_to_create(listed).view()),
            plain(R"({"key": {"a": "2dsphere"}, "name": "x", "2dsphereIndexVersion": 2})"));
  EXPECT_EQ(index(sphere), plain(R"({"key": {"a": "2dsphere"}, "name": "x"})"));
}

TEST(NormalisedOptions, LeaveOutWhatBelongsToTheServerAndDefaults) {
  EXPECT_EQ(
      options(
          R"({"idIndex": {"v": 2}, "uuid": 1, "capped": false, "validator": {}, "validationLevel": "strict",
                        "validationAction": "error", "changeStreamPreAndPostImages": {"enabled": false},
                        "collation": {"locale": "simple"}})"),
      plain("{}"));
  EXPECT_EQ(
      options(
          ""
          R"({"size": {"$numberDouble": "4096"}, "capped": true, "collation": {"locale": "de", "version": "57.1"}})"),
      plain(R"({"capped": true, "collation": {"locale": "de"}, "size": 4096})"));
}

TEST(NormalisedOptions, KeepThoseOfViewsAndTimeSeries) {
  const std::string view = R"({"pipeline": [{"$match": {"a": 1}}], "viewOn": "c"})";
  EXPECT_EQ(options(view), plain(view));
  const std::string series =
      R"({"expireAfterSeconds": 5, "timeseries": {"timeField": "t", "granularity": "hours"}})";
  EXPECT_EQ(options(series), plain(series));
}

TEST(NormalisedOptions, SpellTheStagesOfAViewAsTheCommandDoes) {
  EXPECT_EQ(options(R"({"viewOn": "c", "viewPipeline": [{"$match": {"a": 1}}], "idIndex": {"v": 2}})"),
            plain(R"({"pipeline": [{"$match": {"a": 1}}], "viewOn": "c"})"));
}

const std::string kEveryOption =
    R"({"capped": true, "size": 4096, "validator": {"a": 1}, "validationLevel": "moderate",
    "changeStreamPreAndPostImages": {"enabled": true}, "collation": {"locale": "de"}, "expireAfterSeconds": 5,
    "timeseries": {"timeField": "t"}, "clusteredIndex": {"key": {"_id": 1}, "unique": true}})";

std::vector<OwnedDocument> many_indexes(size_t count) {
  std::vector<OwnedDocument> indexes;
  for (size_t i = 0; i < count; ++i)
    indexes.push_back(document(R"({"key": {"a": 1}, "name": "i)" + std::to_string(i) + R"("})"));
  return indexes;
}

TEST(UnsupportedOptions, AreThoseThatDocumentDbRefusesOrDrops) {
  EXPECT_EQ(unsupported(kEveryOption, {}, documentdb()),
            (List{"capped", "changeStreamPreAndPostImages", "clusteredIndex", "~collation",
                  "~expireAfterSeconds", "timeseries", "validator"}));
  EXPECT_EQ(unsupported(R"({"changeStreamPreAndPostImages": {"enabled": false}, "capped": false})", {},
                        documentdb()),
            List{});
}

TEST(UnsupportedOptions, OfIndexesAreCollationHiddenAndASecondText) {
  const std::vector<OwnedDocument> indexes = {
      document(R"({"key": {"a": 1}, "name": "a", "collation": {"locale": "de"}})"),
      document(R"({"key": {"b": 1}, "name": "b", "hidden": true})"),
      document(R"({"key": {"_fts": "text", "_ftsx": 1}, "name": "t1"})"),
      document(R"({"key": {"_fts": "text", "_ftsx": 1}, "name": "t2"})")};
  EXPECT_EQ(unsupported("{}", indexes, documentdb()),
            (List{"index a: collation", "index b: hidden", "index t2"}));
  const auto left = supported_indexes(indexes, documentdb());
  ASSERT_EQ(left.size(), 3u);
  EXPECT_EQ(left[0], document(R"({"key": {"a": 1}, "name": "a"})"));
  EXPECT_EQ(left[1], document(R"({"key": {"b": 1}, "name": "b"})"));
}

TEST(UnsupportedOptions, OfIndexesAreThoseOfKindsThatDocumentDbDoesNotHave) {
  const std::vector<OwnedDocument> indexes = {
      document(R"({"key": {"a": "2d", "b": 1}, "name": "plane"})"),
      document(R"({"key": {"a": 1, "b.$**": 1}, "name": "wild"})"),
      document(R"({"key": {"$**": 1}, "name": "wild alone"})"),
      document(R"({"key": {"$**": "text", "a": 1}, "name": "wild text"})"),
      document(R"({"key": {"a": "2d"}, "name": "plane alone"})")};
  EXPECT_EQ(unsupported("{}", indexes, documentdb()), (List{"index plane", "index wild"}));
  const auto left = supported_indexes(indexes, documentdb());
  ASSERT_EQ(left.size(), 3u);
  EXPECT_EQ(left[0], indexes[2]);
}

TEST(UnsupportedOptions, OfIndexesOfOtherKindsAreUniqueAndExpiry) {
  const std::vector<OwnedDocument> indexes = {
      document(R"({"key": {"a": "2dsphere"}, "name": "a", "unique": true, "2dsphereIndexVersion": 2})"),
      document(R"({"key": {"b": "hashed"}, "name": "b", "expireAfterSeconds": 0})"),
      document(R"({"key": {"c": "2d"}, "name": "c", "expireAfterSeconds": 5})"),
      document(R"({"key": {"d": 1}, "name": "d", "expireAfterSeconds": 5, "unique": true})")};
  EXPECT_EQ(unsupported("{}", indexes, documentdb()),
            (List{"index a: unique", "index b: expireAfterSeconds", "index c: expireAfterSeconds"}));
  const auto left = supported_indexes(indexes, documentdb());
  ASSERT_EQ(left.size(), 4u);
  EXPECT_EQ(left[0], document(R"({"key": {"a": "2dsphere"}, "name": "a"})"));
  EXPECT_EQ(left[3], document(R"({"key": {"d": 1}, "name": "d", "expireAfterSeconds": 5, "unique": true})"));
}

TEST(UnsupportedOptions, OfIndexesAreThoseAboveTheLimit) {
  EXPECT_EQ(unsupported("{}", many_indexes(63), documentdb()), List{});
  EXPECT_EQ(unsupported("{}", many_indexes(65), documentdb()), (List{"index i63", "index i64"}));
  EXPECT_EQ(supported_indexes(many_indexes(65), documentdb()).size(), 63u);
}

TEST(UnsupportedOptions, AreNoneForMongoDb) {
  EXPECT_EQ(unsupported(kEveryOption, many_indexes(70), ServerInfo()), List{});
  EXPECT_EQ(supported_indexes(many_indexes(70), ServerInfo()).size(), 70u);
  EXPECT_EQ(supported_options(document(kEveryOption), ServerInfo()),
            normalised_options(document(kEveryOption)));
}

TEST(KeptInPart, AreACappedCollectionAndACollationWhereTheTargetHasThem) {
  PlannedCollection planned;
  planned.ns = {"db", "c"};
  planned.options = document(R"({"capped": true, "size": 4096, "collation": {"locale": "de"}})");
  EXPECT_EQ(kept_in_part(planned, ServerInfo()).size(), 2u);
  EXPECT_TRUE(kept_in_part(planned, documentdb()).empty());
  planned.options = document(R"({"validator": {"a": 1}})");
  EXPECT_TRUE(kept_in_part(planned, ServerInfo()).empty());
}

TEST(SupportedOptions, AreWhatIsLeftWithoutTheOthersAndWhatDependsOnThem) {
  EXPECT_EQ(supported_options(document(kEveryOption), documentdb()), document("{}"));
  EXPECT_EQ(supported_options(document(R"({"viewOn": "c", "pipeline": [], "collation": {"locale": "de"}})"),
                              documentdb()),
            document(R"({"pipeline": [], "viewOn": "c"})"));
}

}  // namespace
}  // namespace ddsync::mongo
