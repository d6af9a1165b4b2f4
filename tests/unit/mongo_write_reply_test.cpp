#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "bson/extended_json.h"
#include "mongo/write_reply.h"

namespace ddsync::mongo {
namespace {

OwnedDocument document(const char* json) { return from_extended_json(json).value(); }

// Of these operations and no others, in this order.
void expect_errors(const WriteOutcome& outcome, const std::vector<std::pair<uint32_t, Treatment>>& expected) {
  EXPECT_FALSE(outcome.failed);
  ASSERT_EQ(outcome.operation_errors.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(outcome.operation_errors[i].index, expected[i].first);
    EXPECT_EQ(outcome.operation_errors[i].error.treatment, expected[i].second);
  }
}

TEST(WriteReply, AcknowledgesEveryOperationWithoutAnErrorOfItsOwn) {
  const WriteOutcome outcome = parse_write_reply(document(R"({"ok": 1, "n": 3})").view(), 3);
  expect_errors(outcome, {});
}

TEST(WriteReply, GivesErrorsByAscendingIndex) {
  const OwnedDocument reply = document(R"({"ok": 1, "writeErrors": [
      {"index": 2, "code": 121, "errmsg": "no"},
      {"index": {"$numberLong": "0"}, "code": 11000, "errmsg": "E11000 collection: d.c index: _id_ dup key: { _id: 1 }"}]})");
  const WriteOutcome outcome = parse_write_reply(reply.view(), 3);
  expect_errors(outcome, {{0u, Treatment::duplicate_id}, {2u, Treatment::permanent}});
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

// Tried again for ever nobody would see it.
TEST(WriteReply, EndsTheServiceWhenAWriteConcernIsDenied) {
  const WriteOutcome outcome = parse_write_reply(
      document(R"({"ok": 1, "n": 1, "writeConcernError": {"code": 13, "errmsg": "not authorized"}})").view(),
      1);
  EXPECT_TRUE(outcome.failed);
  EXPECT_TRUE(outcome.error.outcome_unknown);
  EXPECT_EQ(outcome.error.treatment, Treatment::fatal);
}

TEST(WriteReply, TakesNoOtherErrorForADuplicateForItsKeyPattern) {
  const OwnedDocument reply = document(
      R"({"ok": 1, "writeErrors": [{"index": 0, "code": 112, "errmsg": "?", "keyPattern": {"_id": 1}}]})");
  expect_errors(parse_write_reply(reply.view(), 1), {{0u, Treatment::retry}});
}

TEST(WriteReply, TakesAnErrorWithoutACodeForOneThatMayHaveBeenExecuted) {
  for (const char* code : {R"("code": 0,)", ""}) {
    const std::string reply =
        std::string(R"({"ok": 1, "writeErrors": [{"index": 0,)") + code + R"("errmsg": "?"}]})";
    const WriteOutcome outcome = parse_write_reply(document(reply.c_str()).view(), 1);
    expect_errors(outcome, {{0u, Treatment::retry}});
    EXPECT_TRUE(outcome.operation_errors.at(0).error.outcome_unknown) << code;
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

// Of two insertions, a replacement and a deletion.
WriteOutcome bulk_outcome(const std::string& cursor, const std::string& counts) {
  WriteBatch batch;
  batch.parts = {{.kind = WriteKind::insert, .ns = {"d", "a"}, .operations = 2},
                 {.kind = WriteKind::replace, .ns = {"d", "b"}, .operations = 1},
                 {.kind = WriteKind::remove, .ns = {"d", "b"}, .operations = 1}};
  batch.operations.resize(4);
  const std::string reply = R"({"ok": 1, "cursor": )" + cursor + "," + counts + "}";
  return parse_bulk_reply(document(reply.c_str()).view(), batch);
}
constexpr const char* kAllDone =
    R"("nErrors": 0, "nInserted": 2, "nMatched": 0, "nUpserted": 1, "nDeleted": 0)";

TEST(BulkReply, AcknowledgesEveryOperationWithoutAnErrorOfItsOwn) {
  const WriteOutcome outcome = bulk_outcome(R"({"id": 0, "firstBatch": []})", kAllDone);
  expect_errors(outcome, {});
}

TEST(BulkReply, CountsReplacementsOfWhatWasThere) {
  const WriteOutcome outcome = bulk_outcome(R"({"id": 0, "firstBatch": []})",
                                            R"("nErrors": 0, "nInserted": 2, "nMatched": 1, "nUpserted": 0)");
  expect_errors(outcome, {});
}

TEST(BulkReply, HasItsErrorsInACursor) {
  const WriteOutcome outcome = bulk_outcome(R"({"id": {"$numberLong": "0"}, "firstBatch": [
        {"ok": 0, "idx": 2, "code": 121, "errmsg": "no"},
        {"ok": 0, "idx": 1, "code": 11000, "errmsg": "?", "keyPattern": {"_id": 1}}]})",
                                            R"("nErrors": 2, "nInserted": 1, "nMatched": 0, "nUpserted": 0)");
  expect_errors(outcome, {{1u, Treatment::duplicate_id}, {2u, Treatment::permanent}});
}

TEST(BulkReply, MayTellSuccessesToo) {
  const WriteOutcome outcome =
      bulk_outcome(R"({"id": 0, "firstBatch": [{"ok": 1, "idx": 2, "n": 1}]})", kAllDone);
  expect_errors(outcome, {});
}

TEST(BulkReply, WithMoreErrorsThanItHoldsIsAskedForInParts) {
  const WriteOutcome outcome = bulk_outcome(R"({"id": {"$numberLong": "5"}, "firstBatch": []})", kAllDone);
  EXPECT_TRUE(outcome.failed);
  EXPECT_EQ(outcome.error.treatment, Treatment::split);
}

TEST(BulkReply, ThatContradictsItselfProvesNothing) {
  const auto proves_nothing = [](const char* cursor, const char* counts) {
    const WriteOutcome outcome = bulk_outcome(cursor, counts);
    return outcome.failed && outcome.error.outcome_unknown && outcome.error.code == kErrorProtocol;
  };
  const char* none = R"({"id": 0, "firstBatch": []})";
  EXPECT_TRUE(proves_nothing(R"({"id": 0})", kAllDone)) << "no results";
  EXPECT_TRUE(proves_nothing(none, R"("nErrors": 1, "nInserted": 1, "nMatched": 1)"))
      << "an error is missing";
  EXPECT_TRUE(proves_nothing(none, R"("nErrors": 0, "nInserted": 1, "nMatched": 1)"))
      << "it stopped half-way";
  const char* one_error = R"("nErrors": 1, "nInserted": 1, "nMatched": 1)";
  EXPECT_TRUE(proves_nothing(R"({"id": 0, "firstBatch": [{"ok": 0, "code": 121}]})", one_error))
      << "of which?";
  EXPECT_TRUE(proves_nothing(R"({"id": 0, "firstBatch": [{"ok": 0, "idx": 1, "code": 121},
                                                         {"ok": 0, "idx": 1, "code": 121}]})",
                             R"("nErrors": 2, "nInserted": 1, "nMatched": 1)"));
}

TEST(BulkReply, FailsWhenTheWriteConcernIsNotMet) {
  const WriteOutcome outcome = bulk_outcome(
      R"({"id": 0, "firstBatch": []})",
      std::string(kAllDone) +
          R"(, "writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"})");
  EXPECT_TRUE(outcome.failed);
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
