// How documents and keys are measured; against a server: tests/integration/test_check.py.
#include <gtest/gtest.h>

#include "bson/extended_json.h"
#include "mongo/size_sample.h"

namespace ddsync::mongo {
namespace {

OwnedDocument document(std::string_view json) { return from_extended_json(json).value(); }

// A pipeline as BSON is a document with the names "0", "1".
OwnedDocument pipeline_of(const std::string& bytes) {
  return OwnedDocument({reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<uint32_t>(bytes.size())});
}

TEST(SizeSample, TakesRandomDocumentsOfALargeCollectionAndTheFirstOfASmallOne) {
  EXPECT_EQ(pipeline_of(id_pipeline(2'001)),
            document(R"({"0": {"$sample": {"size": 100}}, "1": {"$project": {"_id": 1}}})"));
  EXPECT_EQ(pipeline_of(id_pipeline(2'000)),
            document(R"({"0": {"$limit": 100}, "1": {"$project": {"_id": 1}}})"))
      << "a server would read all of it to find random ones";
}

TEST(SizeSample, LetsTheServerMeasure) {
  const std::vector<OwnedDocument> indexes = {document(R"({"name": "x", "key": {"a.b": 1, "c": -1}})")};
  EXPECT_EQ(pipeline_of(size_pipeline(5, indexes)), document(R"({"0": {"$limit": 100}, "1": {"$project": {
      "_id": 0, "document": {"$bsonSize": "$$ROOT"}, "id": {"$bsonSize": {"a": "$_id"}},
      "k0": {"$bsonSize": {"a": "$a.b", "b": "$c"}}}}})"));
}

TEST(SizeSample, KeepsTheLargestOfEach) {
  const std::vector<OwnedDocument> indexes = {document(R"({"name": "x", "key": {"a.b": 1, "c": -1}})")};
  SizeSample sample;
  take_sizes(document(R"({"document": 900, "id": 12, "k0": 2011})").view(), indexes, sample);
  take_sizes(document(R"({"document": 800, "id": 20, "k0": 11})").view(), indexes, sample);
  EXPECT_EQ(sample.documents, 2u);
  EXPECT_EQ(sample.document_bytes_max, 900u);
  EXPECT_EQ(sample.id_bytes_max, 12u) << "of {a: <_id>} the value alone";
  EXPECT_EQ(sample.key_bytes_max, std::vector<uint64_t>{2'000}) << "of {a: ..., b: ...} the values alone";
}

TEST(SizeSample, MeasuresTheIdsItselfWhereTheServerDoesNot) {
  SizeSample sample;
  take_sizes(document(R"({"_id": "12345"})").view(), {}, sample);
  EXPECT_EQ(sample.id_bytes_max, 10u) << "length, text, end";
  EXPECT_EQ(sample.document_bytes_max, 0u);
}

}  // namespace
}  // namespace ddsync::mongo
