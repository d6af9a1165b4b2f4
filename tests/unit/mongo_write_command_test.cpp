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
    batch.kind = kind;
    batch.ns = {"db", "c"};
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

TEST(WriteReply, AcknowledgesEveryOperationWithoutAnErrorOfItsOwn) {
  const WriteOutcome outcome = parse_write_reply(document(R"({"ok": 1, "n": 3})").view(), 3);
  EXPECT_FALSE(outcome.failed);
  EXPECT_TRUE(outcome.operation_errors.empty());
}

TEST(WriteReply, GivesErrorsByAscendingIndex) {
  const OwnedDocument reply = document(R"({"ok": 1, "writeErrors": [
      {"index": 2, "code": 121, "errmsg": "no"},
      {"index": {"$numberLong": "0"}, "code": 11000, "errmsg": "E11000 collection: d.c index: _id_ dup key: { _id: 1 }"}]})");
  const WriteOutcome outcome = parse_write_reply(reply.view(), 3);
  ASSERT_EQ(outcome.operation_errors.size(), 2u);
  EXPECT_EQ(outcome.operation_errors[0].index, 0u);
  EXPECT_EQ(outcome.operation_errors[0].error.treatment, Treatment::duplicate_id);
  EXPECT_EQ(outcome.operation_errors[1].index, 2u);
  EXPECT_EQ(outcome.operation_errors[1].error.treatment, Treatment::permanent);
}

TEST(WriteReply, BelievesTheKeyPatternRatherThanTheText) {
  const auto treatment = [](const char* pattern) {
    const std::string reply =
        std::string(R"({"ok": 1, "writeErrors": [{"index": 0, "code": 11000, "errmsg": "?",)") +
        R"("keyPattern": )" + pattern + "}]}";
    return parse_write_reply(document(reply.c_str()).view(), 1).operation_errors.at(0).error.treatment;
  };
  EXPECT_EQ(treatment(R"({"_id": 1})"), Treatment::duplicate_id);
  EXPECT_EQ(treatment(R"({"_id": 1, "x": 1})"), Treatment::duplicate_other);
  EXPECT_EQ(treatment(R"({"email": 1})"), Treatment::duplicate_other);
}

TEST(WriteReply, FailsTheBatchWhenTheWriteConcernIsNotMet) {
  for (const char* code : {"64", "91", "100", "987654"}) {
    const std::string reply = std::string(R"({"ok": 1, "n": 1, "writeConcernError": {"code": )") + code +
                              R"(, "errmsg": "waiting for replication timed out"}})";
    const WriteOutcome outcome = parse_write_reply(document(reply.c_str()).view(), 1);
    EXPECT_TRUE(outcome.failed);
    EXPECT_TRUE(outcome.error.outcome_unknown);
    EXPECT_EQ(outcome.error.treatment, Treatment::retry);
  }
}

TEST(WriteReply, DoesNotTrustAnErrorForAnOperationThatWasNotSent) {
  const OwnedDocument reply =
      document(R"({"ok": 1, "writeErrors": [{"index": 5, "code": 121, "errmsg": "no"}]})");
  const WriteOutcome outcome = parse_write_reply(reply.view(), 2);
  EXPECT_TRUE(outcome.failed);
  EXPECT_EQ(outcome.error.code, kErrorProtocol);
  EXPECT_TRUE(outcome.error.outcome_unknown);
}

TEST(FailedOutcome, IsTheOperationsErrorWhenACommandOfOneIsRefused) {
  const Error refused = make_error(ErrorContext::write_command, 2, "", "object to insert too large");
  const WriteOutcome alone = failed_outcome(refused, 1);
  EXPECT_FALSE(alone.failed);
  ASSERT_EQ(alone.operation_errors.size(), 1u);
  EXPECT_EQ(alone.operation_errors[0].error.treatment, Treatment::permanent);
  const WriteOutcome several = failed_outcome(refused, 2);
  EXPECT_TRUE(several.failed);
  EXPECT_EQ(several.error.treatment, Treatment::split);
}

TEST(FailedOutcome, KeepsADuplicateADuplicate) {
  const Error refused =
      make_error(ErrorContext::write_command, 11000, "", "Duplicate key violation: Index '_id_'");
  EXPECT_EQ(failed_outcome(refused, 1).operation_errors.at(0).error.treatment, Treatment::duplicate_id);
}

TEST(FailedOutcome, StaysAFailureOfTheCommandWhenItIsTransient) {
  const WriteOutcome outcome =
      failed_outcome(make_error(ErrorContext::write_command, kErrorNetwork, "", "reset"), 1);
  EXPECT_TRUE(outcome.failed);
  EXPECT_TRUE(outcome.error.outcome_unknown);
}

}  // namespace
}  // namespace ddsync::mongo
