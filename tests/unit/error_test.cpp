#include "engine/error.h"

#include <gtest/gtest.h>

#include <vector>

namespace ddsync {
namespace {

using enum ErrorContext;

constexpr ErrorContext kAllContexts[] = {connect,         stream_open, stream_read, write_command,
                                         write_operation, schema,      find};

TEST(ErrorTable, RetriesWhatPassesByItselfInEveryContext) {
  for (const int code :
       {kErrorNetwork, kErrorProtocol, 1,     6,     7,     24,    50,    64,   89,  91,  107,
        112,           12586,          12587, 117,   134,   189,   202,   225,  251, 262, 276,
        9001,          10107,          11600, 11601, 11602, 13435, 13436, 14031})
    for (const ErrorContext context : kAllContexts)
      EXPECT_EQ(classify(context, code, "something"), Treatment::retry)
          << code << " " << static_cast<int>(context);
}

TEST(ErrorTable, EndsTheServiceWhenAccessIsDenied) {
  for (const int code : {11, 13, 18, 334})
    for (const ErrorContext context : kAllContexts)
      EXPECT_EQ(classify(context, code, "not authorized"), Treatment::fatal) << code;
  EXPECT_EQ(classify(connect, 8000, "bad auth : authentication failed"), Treatment::fatal);
  EXPECT_EQ(classify(connect, 8000, "cluster is paused"), Treatment::retry);
}

TEST(ErrorTable, SlowsDownWhenTheServerAsksForLess) {
  for (const ErrorContext context : kAllContexts) {
    EXPECT_EQ(classify(context, 16500, "Request rate is large"), Treatment::throttled);
    EXPECT_EQ(classify(context, 146, "memory"), Treatment::throttled);
  }
}

TEST(ErrorTable, ReadsHowLongAThrottledRequestShouldWait) {
  const Error error = make_error(write_command, 16500, "", "Error=16500, RetryAfterMs=29, Details='...'");
  EXPECT_EQ(error.retry_after_ms, 29);
  EXPECT_EQ(make_error(write_command, 16500, "", "Error=16500").retry_after_ms, 0);
  EXPECT_EQ(make_error(write_command, 16500, "", "RetryAfterMs=soon").retry_after_ms, 0);
  EXPECT_EQ(make_error(write_command, 16500, "", "RetryAfterMs=").retry_after_ms, 0);
}

TEST(ErrorTable, RefusesADocumentAloneAndSplitsACommandAsAWhole) {
  for (const int code : {2, 9, 16, 22, 52, 53, 54, 56, 57, 66, 121, 171, 201, 10334, 17280, 17419, 17420}) {
    EXPECT_EQ(classify(write_operation, code, "no"), Treatment::permanent) << code;
    EXPECT_EQ(classify(write_command, code, "no"), Treatment::split) << code;
  }
}

// responses/pg.rs of DocumentDB's gateway: of everything, until the cluster is promoted.
TEST(ErrorTable, WaitsForAReplicaClusterToBecomeWritable) {
  constexpr std::string_view kText = "Cannot execute the operation on this replica cluster";
  for (const ErrorContext context : {write_command, write_operation, schema})
    EXPECT_EQ(classify(context, 20, kText), Treatment::retry);
  EXPECT_EQ(classify(write_operation, 20, "the field {a: \"replica cluster\"} is not legal"),
            Treatment::permanent);
}

TEST(ErrorTable, TreatsAnUnknownErrorOfAWriteAsTheDocumentsAndOfAStreamAsPassing) {
  EXPECT_EQ(classify(write_operation, 987654, "?"), Treatment::permanent);
  EXPECT_EQ(classify(write_command, 987654, "?"), Treatment::split);
  EXPECT_EQ(classify(schema, 987654, "?"), Treatment::permanent);
  for (const ErrorContext context : {connect, stream_open, stream_read, find})
    EXPECT_EQ(classify(context, 987654, "?"), Treatment::retry);
}

TEST(ErrorTable, TellsADuplicateIdFromOtherDuplicatesByTheServersWords) {
  const auto duplicate = [](std::string_view message) { return classify(write_operation, 11000, message); };
  EXPECT_EQ(duplicate("E11000 duplicate key error collection: db.c index: _id_ dup key: { _id: 1 }"),
            Treatment::duplicate_id);
  EXPECT_EQ(duplicate("E11000 duplicate key error collection: db.c index: _id_ collation: { locale: \"en\" } "
                      "dup key: { _id: \"a\" }"),
            Treatment::duplicate_id);
  EXPECT_EQ(duplicate("Duplicate key violation on the requested collection: Index '_id_'"),
            Treatment::duplicate_id);
  EXPECT_EQ(duplicate("E11000 duplicate key error collection: db.c index: email_1 dup key: { email: \"a\" }"),
            Treatment::duplicate_other);
  EXPECT_EQ(
      duplicate("E11000 duplicate key error collection: db.c index: _id_1_x_1 dup key: { _id: 1, x: 1 }"),
      Treatment::duplicate_other);
  EXPECT_EQ(duplicate("Duplicate key violation on the requested collection: Index 'email_1'"),
            Treatment::duplicate_other);
  EXPECT_EQ(duplicate("words that name no index"), Treatment::duplicate_other);
}

TEST(ErrorTable, KnowsTheDuplicatesOfOldServers) {
  for (const int code : {11001, 12582})
    EXPECT_EQ(classify(write_operation, code, "E11000 collection: d.c index: _id_ dup key: { _id: 1 }"),
              Treatment::duplicate_id);
}

TEST(ErrorTable, IsNotMisledByTheValuesThatADuplicateQuotes) {
  const auto duplicate = [](std::string_view message) { return classify(write_operation, 11000, message); };
  EXPECT_EQ(
      duplicate(
          "E11000 duplicate key error collection: db.c index: t_1 dup key: { t: \"index: _id_ dup key:\" }"),
      Treatment::duplicate_other);
  EXPECT_EQ(
      duplicate("E11000 duplicate key error collection: db.c index: _id_ dup key: { _id: \"deadlock\" }"),
      Treatment::duplicate_id);
  EXPECT_EQ(classify(write_operation, 121, "Document failed validation: deadlock"), Treatment::permanent);
}

TEST(ErrorTable, SplitsACommandRefusedForADuplicate) {
  EXPECT_EQ(classify(write_command, 11000, "... Index '_id_'"), Treatment::split);
}

TEST(ErrorTable, RetriesLockConflictsWhateverTheirCode) {
  for (const ErrorContext context : {write_command, write_operation}) {
    EXPECT_EQ(classify(context, 987654, "Could not acquire lock for operation due to deadlock"),
              Treatment::retry);
    EXPECT_EQ(classify(context, 2, "Deadlock detected"), Treatment::retry);
  }
}

TEST(ErrorTable, IsNotMisledByTheDocumentsAndNamesThatATextQuotes) {
  struct {
    int code;
    std::string_view message;
  } const given[] = {
      {2, "unknown operator: $deadlock"},
      {16755, "Can't extract geo keys: { _id: 1, bad: \"no place\", text: \"we met a deadlock today\" }"},
      {10334, "BSONObj size: 17000000 (0x1036640) is invalid. First element: _id: \"request rate is large\""},
      {166, "Namespace db.deadlock_stats is a view, not a collection"},
      {48, "Collection deadlock.c already exists."},
      {52,
       "The dollar ($) prefixed field '$could not acquire lock' in '$could not acquire lock' is not allowed"},
      {73, "Invalid collection name: deadlock..c"},
      {13297, "db already exists with different case already have: [deadlock] trying to create [Deadlock]"},
      {17280, "key too large to index, failing deadlock.c.$t_1 { : \"Could not acquire lock\" }"},
      {201, "Index key is too large: deadlock"},
  };
  for (const auto& [code, message] : given) {
    EXPECT_EQ(classify(write_operation, code, message), Treatment::permanent) << code;
    EXPECT_EQ(classify(write_command, code, message), Treatment::split) << code;
  }
}

// A matter of the set-up, which each document of the collection would be refused for.
TEST(ErrorTable, RetriesAFenceThatTheServerDoesNotKnow) {
  const char* message = "Transaction numbers are only allowed on a replica set member or mongos";
  EXPECT_EQ(classify(write_command, 20, message), Treatment::retry);
  EXPECT_EQ(classify(write_command, 20, "something else"), Treatment::split);
}

// Its text goes on to quote the document.
TEST(ErrorTable, IsNotMisledByTheDocumentThatAValidatorRefused) {
  EXPECT_EQ(classify(write_operation, 121, "deadlock detected"), Treatment::permanent);
}

TEST(ErrorTable, NamesTheCodesAfterWhichAPositionIsLost) {
  for (const ErrorContext context : {stream_open, stream_read})
    for (const int code : {136, 260, 280, 286, 40576, 40585, 40647, 40649})
      EXPECT_EQ(classify(context, code, "gone"), Treatment::history_lost) << code;
  EXPECT_EQ(classify(stream_open, 9, "not a valid hex string"), Treatment::history_lost);
  EXPECT_EQ(classify(stream_open, 15, "a token that ends too early"), Treatment::history_lost);
  EXPECT_EQ(classify(stream_open, 2, "Resume token is malformed"), Treatment::history_lost);
  EXPECT_EQ(classify(stream_open, 50795, "invalid resume token version"), Treatment::history_lost);
  EXPECT_EQ(classify(stream_open, 2, "unknown option"), Treatment::retry);
  // mongod: an event of more than 16 MiB cannot be delivered, ever.
  EXPECT_EQ(classify(stream_read, 10334, "BSONObj size invalid"), Treatment::event_too_large);
}

TEST(ErrorTable, KeepsThePositionWhenOnlyTheCursorIsLost) {
  for (const int code : {43, 96, 143, 175, 222, 234, 237, 346})
    EXPECT_EQ(classify(stream_read, code, "gone"), Treatment::cursor_lost) << code;
}

TEST(ErrorTable, TakesAMissingNamespaceForDoneOrForAWait) {
  EXPECT_EQ(classify(schema, 26, "ns not found"), Treatment::missing);
  EXPECT_EQ(classify(stream_open, 26, "ns not found"), Treatment::missing);
  EXPECT_EQ(classify(find, 26, "ns not found"), Treatment::missing);
  EXPECT_EQ(classify(schema, 10026, "source namespace does not exist"), Treatment::missing);
  EXPECT_EQ(classify(write_command, 26, "ns not found"), Treatment::retry);
}

TEST(ErrorTable, KnowsWhichWritesMayHaveBeenExecuted) {
  for (const int code :
       {kErrorNetwork, kErrorProtocol, 1, 6, 8, 50, 64, 89, 91, 100, 189, 262, 10107, 11600, 11601, 11602})
    for (const ErrorContext context : {write_command, write_operation, schema})
      EXPECT_TRUE(make_error(context, code, "", "x").outcome_unknown) << code;
  for (const int code : {2, 112, 225, 11000, 16500, 13})
    EXPECT_FALSE(make_error(write_command, code, "", "x").outcome_unknown) << code;
  for (const ErrorContext context : {connect, stream_open, stream_read, find})
    EXPECT_FALSE(make_error(context, kErrorNetwork, "", "x").outcome_unknown);
}

TEST(ErrorTable, TakesTheServersNameForACodeBeforeItsOwn) {
  EXPECT_EQ(make_error(find, 43, "CursorNotFound", "x").code_name, "CursorNotFound");
  EXPECT_EQ(make_error(find, 43, "", "x").code_name, "CursorNotFound");
  EXPECT_EQ(make_error(find, 40000, "Location40000", "x").code_name, "Location40000");
  EXPECT_EQ(error_code_name(987654), "");
}

TEST(ErrorTable, DescribesCodeNameAndTreatmentForTheLog) {
  EXPECT_EQ(describe(make_error(write_operation, 11000, "", "E11000 index: e_1 dup key: { e: 1 }")),
            "[11000 DuplicateKey, set aside] E11000 index: e_1 dup key: { e: 1 }");
  EXPECT_EQ(describe(make_error(find, kErrorNetwork, "", "connection refused")),
            "[NetworkError, retried] connection refused");
  EXPECT_EQ(describe(make_error(find, 987654, "", "odd")), "[987654, retried] odd");
}

TEST(ErrorTable, DescribesAMessageThatQuotesALargeDocumentByItsBeginningAndItsEnd) {
  std::string document;
  for (int i = 0; i < 1'000'000; ++i) document += "é";
  const std::string message = "Can't extract geo keys: {" + document + "} no place";
  const std::string text = describe(make_error(write_operation, 16755, "", message));
  EXPECT_LT(text.size(), 1'200U);
  EXPECT_TRUE(text.starts_with("[16755, refused] Can't extract geo keys: {éé")) << text;
  EXPECT_TRUE(text.ends_with("éé} no place")) << text;
  EXPECT_NE(text.find("é [1999012 bytes left out] é"), std::string::npos) << text;
}

}  // namespace
}  // namespace ddsync
