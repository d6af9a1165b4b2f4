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

WriteOutcome outcome_of(const std::string& json, WriteKind kind = WriteKind::insert, size_t operations = 2) {
  return parse_write_reply(document(json.c_str()).view(), kind, operations);
}

bool is_unproven(const WriteOutcome& outcome) {
  return outcome.failed && outcome.error.outcome_unknown && outcome.error.code == kErrorProtocol &&
         outcome.error.treatment == Treatment::retry;
}

constexpr auto kKinds = {WriteKind::insert, WriteKind::replace, WriteKind::remove};

TEST(WriteReply, AcknowledgesEveryOperationWithoutAnErrorOfItsOwn) {
  for (const char* n : {"2", R"({"$numberLong": "2"})", R"({"$numberDouble": "2.0"})"})
    for (const WriteKind kind : kKinds)
      expect_errors(outcome_of(std::string(R"({"ok": 1, "n": )") + n + "}", kind), {});
}

TEST(WriteReply, OfAReplacementCountsWhatWasUpsertedToo) {
  expect_errors(outcome_of(R"({"ok": 1, "n": 2, "nModified": 0, "upserted": [{"index": 1, "_id": 1}]})",
                           WriteKind::replace),
                {});
}

TEST(WriteReply, OfDeletionsMayCountLess) {
  expect_errors(outcome_of(R"({"ok": 1, "n": 0})", WriteKind::remove), {});
  expect_errors(
      outcome_of(
          R"({"ok": 1, "n": 0, "writeErrors": [{"index": 1, "code": 112, "errmsg": "WriteConflict"}]})",
          WriteKind::remove),
      {{1u, Treatment::retry}});
}

TEST(WriteReply, ThatDoesNotAccountForAllProvesNothing) {
  for (const char* n : {R"("n": 3)", R"("n": -1)", R"("n": "2")", R"("n": null)", R"("n": [2])",
                        R"("n": {"$numberDouble": "NaN"})", R"("n": {"$numberDouble": "1.5"})", R"("m": 2)"})
    for (const WriteKind kind : kKinds)
      EXPECT_TRUE(is_unproven(outcome_of(std::string(R"({"ok": 1, )") + n + "}", kind))) << n;
  for (const WriteKind kind : {WriteKind::insert, WriteKind::replace}) {
    EXPECT_TRUE(is_unproven(outcome_of(R"({"ok": 1, "n": 0})", kind)));
    EXPECT_TRUE(is_unproven(outcome_of(R"({"ok": 1, "n": 1})", kind)));
    EXPECT_TRUE(is_unproven(
        outcome_of(R"({"ok": 1, "n": 0, "writeErrors": [{"index": 1, "code": 91, "errmsg": "x"}]})", kind)))
        << "it gave up";
  }
}

TEST(WriteReply, WithADamagedListOfErrorsProvesNothing) {
  for (const char* errors :
       {R"({"0": {"index": 0, "code": 91, "errmsg": "x"}})", R"(["x"])", R"("x")", "null", "1",
        R"([{"code": 91}])", R"([{"index": "0", "code": 91}])", R"([{"index": -1, "code": 91}])",
        R"([{"index": 2, "code": 91}])", R"([{"index": {"$numberLong": "4294967296"}, "code": 91}])",
        R"([{"index": {"$numberDouble": "NaN"}, "code": 91}])",
        R"([{"index": {"$numberDouble": "1e300"}, "code": 91}])"}) {
    const std::string reply = std::string(R"({"ok": 1, "n": 0, "writeErrors": )") + errors + "}";
    for (const WriteKind kind : kKinds) EXPECT_TRUE(is_unproven(outcome_of(reply, kind))) << errors;
  }
}

TEST(WriteReply, DoesNotBelieveAnErrorThatSaysOk) {
  const WriteOutcome outcome =
      outcome_of(R"({"ok": 1, "n": 1, "writeErrors": [{"ok": 1, "index": 0, "code": 91, "errmsg": "x"}]})",
                 WriteKind::remove);
  expect_errors(outcome, {{0u, Treatment::retry}});
}

TEST(WriteReply, NoticesDamageBehindTheFirstError) {
  OwnedDocument reply = document(R"({"ok": 1, "n": 0, "writeErrors": [
      {"index": 0, "code": 91, "errmsg": "x"}, {"index": 1, "code": 91, "errmsg": "x"}]})");
  std::string bytes(reinterpret_cast<const char*>(reply.view().data), reply.view().size);
  const size_t second =
      bytes.rfind(std::string("\x03"
                              "1",
                              2));
  ASSERT_NE(second, std::string::npos);
  bytes[second + 3] = 120;  // the low byte of its length
  const DocumentView damaged{reinterpret_cast<const uint8_t*>(bytes.data()), reply.view().size};
  EXPECT_TRUE(is_unproven(parse_write_reply(damaged, WriteKind::remove, 2)));
}

TEST(WriteReply, TakesNoCodeForAnotherOneThatAnIntHolds) {
  for (const char* code :
       {R"({"$numberLong": "4294967322"})", R"({"$numberDouble": "NaN"})", R"("26")", "0"}) {
    const WriteOutcome outcome =
        outcome_of(std::string(R"({"ok": 1, "n": 1, "writeErrors": [{"index": 0, "code": )") + code + "}]}");
    ASSERT_EQ(outcome.operation_errors.size(), 1u) << code;
    EXPECT_EQ(outcome.operation_errors[0].error.code, 8) << code;
  }
}

TEST(WriteReply, GivesErrorsByAscendingIndex) {
  const OwnedDocument reply = document(R"({"ok": 1, "n": 1, "writeErrors": [
      {"index": 2, "code": 121, "errmsg": "no"},
      {"index": {"$numberLong": "0"}, "code": 11000, "errmsg": "E11000 collection: d.c index: _id_ dup key: { _id: 1 }"}]})");
  const WriteOutcome outcome = parse_write_reply(reply.view(), WriteKind::insert, 3);
  expect_errors(outcome, {{0u, Treatment::duplicate_id}, {2u, Treatment::permanent}});
}

TEST(WriteReply, BelievesTheKeyPatternRatherThanTheText) {
  const auto treatment = [](const char* pattern) {
    const std::string reply =
        std::string(R"({"ok": 1, "n": 0, "writeErrors": [{"index": 0, "code": 11000, "errmsg": "?",)") +
        R"("keyPattern": )" + pattern + "}]}";
    return outcome_of(reply, WriteKind::insert, 1).operation_errors.at(0).error.treatment;
  };
  EXPECT_EQ(treatment(R"({"_id": 1})"), Treatment::duplicate_id);
  EXPECT_EQ(treatment(R"({"_id": 1, "x": 1})"), Treatment::duplicate_other);
  EXPECT_EQ(treatment(R"({"email": 1})"), Treatment::duplicate_other);
}

TEST(WriteReply, FailsTheBatchWhenTheWriteConcernIsNotMet) {
  for (const char* code : {"64", "91", "100", "987654"}) {
    const std::string reply = std::string(R"({"ok": 1, "n": 1, "writeConcernError": {"code": )") + code +
                              R"(, "errmsg": "waiting for replication timed out"}})";
    const WriteOutcome outcome = outcome_of(reply, WriteKind::insert, 1);
    EXPECT_TRUE(outcome.failed);
    EXPECT_TRUE(outcome.error.outcome_unknown);
    EXPECT_EQ(outcome.error.treatment, Treatment::retry);
  }
}

// Tried again for ever nobody would see it.
TEST(WriteReply, EndsTheServiceWhenAWriteConcernIsDenied) {
  const WriteOutcome outcome =
      outcome_of(R"({"ok": 1, "n": 1, "writeConcernError": {"code": 13, "errmsg": "not authorized"}})",
                 WriteKind::insert, 1);
  EXPECT_TRUE(outcome.failed);
  EXPECT_TRUE(outcome.error.outcome_unknown);
  EXPECT_EQ(outcome.error.treatment, Treatment::fatal);
}

TEST(WriteReply, TakesNoOtherErrorForADuplicateForItsKeyPattern) {
  expect_errors(outcome_of(R"({"ok": 1, "n": 0,
                     "writeErrors": [{"index": 0, "code": 112, "errmsg": "?", "keyPattern": {"_id": 1}}]})",
                           WriteKind::insert, 1),
                {{0u, Treatment::retry}});
}

TEST(WriteReply, TakesAnErrorWithoutACodeForOneThatMayHaveBeenExecuted) {
  for (const char* code : {R"("code": 0,)", ""}) {
    const std::string reply =
        std::string(R"({"ok": 1, "n": 0, "writeErrors": [{"index": 0,)") + code + R"("errmsg": "?"}]})";
    const WriteOutcome outcome = outcome_of(reply, WriteKind::insert, 1);
    expect_errors(outcome, {{0u, Treatment::retry}});
    EXPECT_TRUE(outcome.operation_errors.at(0).error.outcome_unknown) << code;
  }
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
    return is_unproven(bulk_outcome(cursor, counts));
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
  EXPECT_TRUE(proves_nothing(R"({"id": 0, "firstBatch": ["x"]})", kAllDone));
  EXPECT_TRUE(proves_nothing(
      none, R"("nErrors": 0, "nInserted": {"$numberLong": "9223372036854775807"}, "nMatched": 1)"));
  EXPECT_TRUE(proves_nothing(none, R"("nErrors": 0, "nInserted": -1, "nMatched": 4)"));
  EXPECT_TRUE(proves_nothing(R"({"id": 0, "firstBatch": [{"ok": 0, "idx": 3, "code": 91}]})",
                             R"("nErrors": 1, "nInserted": 1, "nMatched": 1)"))
      << "a refused deletion does not stand for an insertion";
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
