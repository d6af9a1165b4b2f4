#include <bson/bson.h>
#include <gtest/gtest.h>

#include "bson/extended_json.h"
#include "mongo/write_command.h"

namespace ddsync::mongo {
namespace {

OwnedDocument document(const char* json) { return from_extended_json(json).value(); }

// Keeps the documents that its batch views.
struct Batch {
  Batch(WriteKind kind, std::vector<OwnedDocument> contents) : documents(std::move(contents)) {
    batch.parts = {{.kind = kind, .ns = {"db", "c"}, .operations = static_cast<uint32_t>(documents.size())}};
    for (const OwnedDocument& content : documents) {
      WriteOp operation{.id = find_value(content.view(), "_id"), .document = {}};
      if (kind != WriteKind::remove) operation.document = content.view();
      batch.operations.push_back(operation);
      batch.bytes += operation.id.size + operation.document.size;
    }
  }
  std::vector<OwnedDocument> documents;
  WriteBatch batch;
};

bool is_valid(DocumentView view) {
  bson_t bson;
  return bson_init_static(&bson, view.data, view.size) && bson_validate(&bson, BSON_VALIDATE_NONE, nullptr);
}

// The command says what this JSON says, byte for byte.
void expect_command(DocumentView command, const char* json) {
  EXPECT_TRUE(is_valid(command));
  EXPECT_EQ(command, document(json).view()) << to_extended_json(command);
}

TEST(WriteCommand, InsertsDocumentsUnordered) {
  const Batch given(WriteKind::insert,
                    {document(R"({"_id": 1, "a": "x"})"), document(R"({"_id": "", "b": null})")});
  WriteCommand command;
  expect_command(
      command.build(given.batch, std::nullopt),
      R"({"insert": "c", "ordered": false, "documents": [{"_id": 1, "a": "x"}, {"_id": "", "b": null}]})");
}

TEST(WriteCommand, ReplacesByIdWithUpsert) {
  const Batch given(WriteKind::replace, {document(R"({"_id": {"a": 1, "b": 2}, "n": 5})")});
  WriteCommand command;
  expect_command(command.build(given.batch, std::nullopt),
                 R"({"update": "c", "ordered": false, "updates":
                     [{"q": {"_id": {"a": 1, "b": 2}}, "u": {"_id": {"a": 1, "b": 2}, "n": 5}, "upsert": true}]})");
}

TEST(WriteCommand, DeletesOneDocumentById) {
  const Batch given(WriteKind::remove, {document(R"({"_id": null})"), document(R"({"_id": false})")});
  WriteCommand command;
  expect_command(command.build(given.batch, std::nullopt),
                 R"({"delete": "c", "ordered": false, "deletes":
                     [{"q": {"_id": null}, "limit": 1}, {"q": {"_id": false}, "limit": 1}]})");
}

TEST(WriteCommand, CarriesTheTransactionNumberOfAFencedWriter) {
  const Batch given(WriteKind::insert, {document(R"({"_id": 1})")});
  WriteCommand command;
  expect_command(
      command.build(given.batch, 7),
      R"({"insert": "c", "ordered": false, "txnNumber": {"$numberLong": "7"}, "documents": [{"_id": 1}]})");
}

TEST(WriteCommand, GoesPastValidatorsWhenAsked) {
  const Batch given(WriteKind::insert, {document(R"({"_id": 1})")});
  WriteCommand command;
  expect_command(
      command.build(given.batch, std::nullopt, true),
      R"({"insert": "c", "ordered": false, "bypassDocumentValidation": true, "documents": [{"_id": 1}]})");
}

TEST(WriteCommand, KeepsEmptyTimestampsWhereTheTargetWouldReplaceThem) {
  const Batch insert(WriteKind::insert, {document(R"({"_id": 1})")});
  const Batch removal(WriteKind::remove, {document(R"({"_id": 1})")});
  WriteCommand command(true);
  expect_command(
      command.build(insert.batch, std::nullopt),
      R"({"insert": "c", "ordered": false, "bypassEmptyTsReplacement": true, "documents": [{"_id": 1}]})");
  expect_command(command.build(removal.batch, std::nullopt),
                 R"({"delete": "c", "ordered": false, "deletes": [{"q": {"_id": 1}, "limit": 1}]})");
}

TEST(WriteCommand, LeavesAMinKeyIdToTheQuery) {
  const Batch given(WriteKind::replace, {document(R"({"_id": {"$minKey": 1}, "n": 1})")});
  WriteCommand command;
  expect_command(command.build(given.batch, std::nullopt),
                 R"({"update": "c", "ordered": false, "updates":
                     [{"q": {"_id": {"$minKey": 1}}, "u": {"n": 1}, "upsert": true}]})");
}

TEST(WriteCommand, LeavesANanIdToTheQueryAndNoOtherNumber) {
  const Batch given(WriteKind::replace, {document(R"({"_id": {"$numberDouble": "NaN"}, "n": 1})"),
                                         document(R"({"_id": 2.5, "n": 1})")});
  WriteCommand command;
  expect_command(command.build(given.batch, std::nullopt),
                 R"({"update": "c", "ordered": false, "updates":
                     [{"q": {"_id": {"$numberDouble": "NaN"}}, "u": {"n": 1}, "upsert": true},
                      {"q": {"_id": 2.5}, "u": {"_id": 2.5, "n": 1}, "upsert": true}]})");
}

// Without it they would be executed as update operators.
TEST(WriteCommand, KeepsTheIdThatStandsBeforeANameWithADollar) {
  const Batch given(WriteKind::replace, {document(R"({"_id": {"$maxKey": 1}, "$set": {"v": 2}, "n": 1})"),
                                         document(R"({"_id": {"$numberDouble": "NaN"}, "$odd": 1})"),
                                         document(R"({"_id": {"$minKey": 1}, "n": 1, "$set": {"v": 2}})"),
                                         document(R"({"_id": {"$minKey": 1}})")});
  WriteCommand command;
  expect_command(command.build(given.batch, std::nullopt),
                 R"({"update": "c", "ordered": false, "updates":
        [{"q": {"_id": {"$maxKey": 1}}, "u": {"_id": {"$maxKey": 1}, "$set": {"v": 2}, "n": 1}, "upsert": true},
         {"q": {"_id": {"$numberDouble": "NaN"}}, "u": {"_id": {"$numberDouble": "NaN"}, "$odd": 1}, "upsert": true},
         {"q": {"_id": {"$minKey": 1}}, "u": {"n": 1, "$set": {"v": 2}}, "upsert": true},
         {"q": {"_id": {"$minKey": 1}}, "u": {}, "upsert": true}]})");
}

// A document of the largest size whose _id has many bytes.
OwnedDocument largest_with_id_of(size_t id_bytes) {
  const std::string head = R"({"_id": ")" + std::string(id_bytes, 'i') + R"(", "pad": ")";
  const size_t without_pad = document((head + R"("})").c_str()).view().size;
  return document((head + std::string((16u << 20) - without_pad, 'x') + R"("})").c_str());
}

TEST(WriteCommand, ReplacesTheLargestDocumentWhateverTheSizeOfItsId) {
  for (const size_t id_bytes : {1u, 1'000u, 13'000u, 20'000u, 9'000'000u}) {
    const Batch given(WriteKind::replace, {largest_with_id_of(id_bytes)});
    WriteCommand command;
    const DocumentView built = command.build(given.batch, 7);
    EXPECT_TRUE(is_valid(built));
    EXPECT_LE(built.size, kCommandBytesMax - kDriverBytesMax) << id_bytes;
  }
}

TEST(WriteCommand, KnowsTheReplacementsThatAreRefusedForTheIdBeforeTheirNames) {
  const Batch given(WriteKind::replace, {document(R"({"_id": {"$maxKey": 1}, "$set": {"v": 2}})"),
                                         document(R"({"_id": {"$maxKey": 1}, "set": {"v": 2}})"),
                                         document(R"({"_id": 1, "$set": {"v": 2}})")});
  const std::vector<WriteOp>& operations = given.batch.operations;
  EXPECT_TRUE(is_refused_for_its_names(operations[0], 66));
  EXPECT_FALSE(is_refused_for_its_names(operations[0], 121));
  EXPECT_FALSE(is_refused_for_its_names(operations[1], 66));
  EXPECT_FALSE(is_refused_for_its_names(operations[2], 66));
}

// A batch of several parts, made of batches of one.
struct ManyParts {
  explicit ManyParts(const std::vector<const Batch*>& batches) {
    for (const Batch* one : batches) {
      batch.parts.push_back(one->batch.parts.front());
      batch.operations.insert(batch.operations.end(), one->batch.operations.begin(),
                              one->batch.operations.end());
      batch.bytes += one->batch.bytes;
    }
  }
  WriteBatch batch;
};

TEST(WriteCommand, OfSeveralPartsIsABulkWriteThatNamesEachCollectionOnce) {
  const Batch inserted(WriteKind::insert, {document(R"({"_id": 1, "a": "x"})"), document(R"({"_id": 2})")});
  const Batch replaced(WriteKind::replace, {document(R"({"_id": {"$numberDouble": "NaN"}, "n": 5})")});
  const Batch removed(WriteKind::remove, {document(R"({"_id": null})")});
  ManyParts given({&inserted, &replaced, &removed});
  given.batch.parts[1].ns = {"other", "d.e"};
  WriteCommand command;
  expect_command(command.build(given.batch, 7), R"({"bulkWrite": 1, "errorsOnly": true, "ordered": false,
      "txnNumber": {"$numberLong": "7"}, "ops": [
        {"insert": 0, "document": {"_id": 1, "a": "x"}},
        {"insert": 0, "document": {"_id": 2}},
        {"update": 1, "filter": {"_id": {"$numberDouble": "NaN"}}, "updateMods": {"n": 5}, "upsert": true,
         "multi": false},
        {"delete": 0, "filter": {"_id": null}, "multi": false}],
      "nsInfo": [{"ns": "db.c"}, {"ns": "other.d.e"}]})");
}

TEST(WriteCommand, NumbersMoreOperationsThanOneDigitTells) {
  std::vector<OwnedDocument> documents(1'234, document(R"({"_id": 1})"));
  const Batch given(WriteKind::insert, std::move(documents));
  WriteCommand command;
  const DocumentView built = command.build(given.batch, std::nullopt);
  EXPECT_TRUE(is_valid(built));
  ElementCursor elements(find_value(built, "documents").as_document());
  int expected = 0;
  while (elements.next()) EXPECT_EQ(elements.name(), std::to_string(expected++));
  EXPECT_EQ(expected, 1'234);
}

TEST(WriteCommand, StartsAfreshWithEveryBatch) {
  const Batch large(WriteKind::insert,
                    std::vector<OwnedDocument>(100, document(R"({"_id": 1, "a": "long"})")));
  const Batch small(WriteKind::remove, {document(R"({"_id": 2})")});
  WriteCommand command;
  command.build(large.batch, std::nullopt);
  expect_command(command.build(small.batch, std::nullopt),
                 R"({"delete": "c", "ordered": false, "deletes": [{"q": {"_id": 2}, "limit": 1}]})");
}

}  // namespace
}  // namespace ddsync::mongo
