#include <gtest/gtest.h>

#include "bson/extended_json.h"
#include "mongo/server_error.h"
#include "mongo/server_info.h"

namespace ddsync::mongo {
namespace {

ServerInfo info(const char* hello, HostHints hints = {}) {
  return parse_server_info(from_extended_json(hello).value().view(),
                           from_extended_json(R"({"version": "8.2.11"})").value().view(), hints);
}

TEST(ServerInfo, OfAReplicaSetRefusesLateWrites) {
  const ServerInfo server = info(
      R"({"setName": "rs0", "maxWireVersion": 27, "logicalSessionTimeoutMinutes": 30, "maxWriteBatchSize": 100000,
          "maxMessageSizeBytes": 48000000, "maxBsonObjectSize": 16777216,
          "topologyVersion": {"processId": {"$oid": "507f1f77bcf86cd799439011"}},
          "localTime": {"$date": {"$numberLong": "1795536321000"}}})");
  EXPECT_EQ(server.version, "8.2.11");
  EXPECT_EQ(server.local_time_ms, 1'795'536'321'000);
  EXPECT_EQ(server.description, "MongoDB 8.2.11, replica set rs0");
  EXPECT_TRUE(server.is_replica_set_or_mongos);
  EXPECT_TRUE(server.limits.refuses_late_writes);
  EXPECT_TRUE(server.limits.takes_many_parts);
  EXPECT_EQ(server.limits.operations_max, 25'000u);
  EXPECT_EQ(server.limits.message_bytes_max, 16u << 20);
  EXPECT_EQ(server.limits.document_bytes_max, 16u << 20);
  EXPECT_EQ(server.process_id, "507f1f77bcf86cd799439011");
}

TEST(ServerInfo, OfDocumentDBDoesNotCountOnTransactionNumbers) {
  const ServerInfo server = info(
      R"({"msg": "isdbgrid", "maxWireVersion": 21, "logicalSessionTimeoutMinutes": 30, "maxWriteBatchSize": 25000,
          "internal": {"documentdb_versions": ["0.111-0", "0.112-0"]}})");
  EXPECT_TRUE(server.is_documentdb);
  EXPECT_TRUE(server.is_replica_set_or_mongos);
  EXPECT_FALSE(server.limits.refuses_late_writes);
  EXPECT_FALSE(server.is_azure_documentdb);
  EXPECT_EQ(server.version, "0.112-0");
  EXPECT_EQ(server.local_time_ms, 0);
  EXPECT_EQ(server.description, "DocumentDB 0.112-0 (wire version 21)");
  EXPECT_EQ(server.process_id, "");
}

// While its PostgreSQL is away a gateway has nothing to say there.
TEST(ServerInfo, OfDocumentDBIsKnownByAnEmptyAnswerToo) {
  const ServerInfo server = info(
      R"({"msg": "isdbgrid", "maxWireVersion": 21, "logicalSessionTimeoutMinutes": 30, "internal": {}})");
  EXPECT_TRUE(server.is_documentdb);
  EXPECT_FALSE(server.limits.refuses_late_writes);
  EXPECT_EQ(server.description, "DocumentDB (wire version 21)");
}

TEST(ServerInfo, OfManagedDocumentDBIsKnownByItsHostAlone) {
  const ServerInfo server =
      info(R"({"msg": "isdbgrid", "logicalSessionTimeoutMinutes": 30})", {.azure_documentdb = true});
  EXPECT_TRUE(server.is_documentdb);
  EXPECT_TRUE(server.is_azure_documentdb);
  EXPECT_EQ(server.version, "") << "8.2.11 is what it imitates";
  EXPECT_FALSE(server.limits.refuses_late_writes);
}

TEST(ServerInfo, KnowsWhoReplacesEmptyTimestampsAndTakesAnOptionForIt) {
  EXPECT_TRUE(info(R"({"msg": "isdbgrid", "maxWireVersion": 25})").limits.replaces_empty_timestamps);
  EXPECT_FALSE(info(R"({"setName": "rs0", "maxWireVersion": 24})").limits.replaces_empty_timestamps);
  EXPECT_FALSE(info(R"({"setName": "rs0", "maxWireVersion": 27, "internal": {"documentdb_versions": ["1"]}})")
                   .limits.replaces_empty_timestamps);
}

TEST(ServerInfo, CountsOnBulkWriteFromMongoDB8On) {
  EXPECT_TRUE(info(R"({"setName": "rs0", "maxWireVersion": 25})").limits.takes_many_parts);
  EXPECT_FALSE(info(R"({"setName": "rs0", "maxWireVersion": 24})").limits.takes_many_parts);
  EXPECT_FALSE(info(R"({"msg": "isdbgrid", "maxWireVersion": 27})").limits.takes_many_parts);
  const char* documentdb =
      R"({"setName": "rs0", "maxWireVersion": 27, "internal": {"documentdb_versions": ["0.112-0"]}})";
  EXPECT_FALSE(info(documentdb).limits.takes_many_parts) << "whatever version it imitates";
  EXPECT_FALSE(info(R"({"setName": "globaldb", "maxWireVersion": 27})", {.cosmosdb_ru = true})
                   .limits.takes_many_parts);
}

TEST(ServerInfo, OfTheRuBasedEngineSaysSo) {
  const ServerInfo server =
      info(R"({"setName": "globaldb", "logicalSessionTimeoutMinutes": 30})", {.cosmosdb_ru = true});
  EXPECT_TRUE(server.is_cosmosdb_ru);
  EXPECT_FALSE(server.limits.refuses_late_writes);
}

TEST(ServerInfo, OfTheRuBasedEngineIsKnownByTheNameOfItsSetBehindAnyHost) {
  const ServerInfo server =
      info(R"({"setName": "globaldb", "logicalSessionTimeoutMinutes": 30, "maxWireVersion": 25})");
  EXPECT_TRUE(server.is_cosmosdb_ru);
  EXPECT_FALSE(server.limits.refuses_late_writes);
  EXPECT_FALSE(server.limits.takes_many_parts);
}

TEST(ServerInfo, OfAStandaloneOrOneWithoutSessionsHasNoFence) {
  EXPECT_FALSE(info(R"({"logicalSessionTimeoutMinutes": 30})").limits.refuses_late_writes);
  EXPECT_FALSE(info(R"({"setName": "rs0"})").limits.refuses_late_writes);
  EXPECT_EQ(info(R"({})").description, "MongoDB 8.2.11, standalone");
}

TEST(ServerInfo, TakesSmallerLimitsAndDoubtsAbsurdOnes) {
  const ServerInfo server =
      info(R"({"maxWriteBatchSize": 1000.0, "maxMessageSizeBytes": {"$numberLong": "1000000"},
                                     "maxBsonObjectSize": 0})");
  EXPECT_EQ(server.limits.operations_max, 1'000u);
  EXPECT_EQ(server.limits.message_bytes_max, 1'000'000u);
  EXPECT_EQ(server.limits.document_bytes_max, 16u << 20);
}

Error driver_error(uint32_t domain, uint32_t code, const char* message, DocumentView reply = {}) {
  bson_error_t failure = {};
  bson_set_error(&failure, domain, code, "%s", message);
  return to_error(ErrorContext::write_command, failure, reply);
}

TEST(DriverError, OfAWriteThatNeverLeftIsNotUnknown) {
  EXPECT_FALSE(driver_error(MONGOC_ERROR_SERVER_SELECTION, 1, "No suitable servers found").outcome_unknown);
  EXPECT_FALSE(driver_error(MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_CONNECT, "refused").outcome_unknown);
  EXPECT_FALSE(driver_error(MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_NOT_ESTABLISHED, "x").outcome_unknown);
  const Error lost = driver_error(MONGOC_ERROR_COMMAND, MONGOC_ERROR_COMMAND_INVALID_ARG,
                                  "Cannot assemble command for invalidated server");
  EXPECT_EQ(lost.treatment, Treatment::retry);
  EXPECT_FALSE(lost.outcome_unknown);
}

TEST(DriverError, OfABrokenConnectionIsUnknown) {
  const Error error = driver_error(MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET, "Failed to read 4 bytes");
  EXPECT_EQ(error.code, kErrorNetwork);
  EXPECT_EQ(error.treatment, Treatment::retry);
  EXPECT_TRUE(error.outcome_unknown);
}

TEST(DriverError, OfARefusedLoginIsFatalButNotOfALoginCutShort) {
  const auto login = [](const char* message) {
    return driver_error(MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE, message);
  };
  EXPECT_EQ(login("Authentication failed.").treatment, Treatment::fatal);
  EXPECT_EQ(login("Invalid key").treatment, Treatment::fatal);
  EXPECT_EQ(login("Failed to send \"saslStart\" command: socket error or timeout").treatment,
            Treatment::retry);
  EXPECT_EQ(login("The server is in quiesce mode and will shut down").treatment, Treatment::retry);
  EXPECT_EQ(login("An unexpected internal error has occurred.").treatment, Treatment::retry) << "DocumentDB";
  EXPECT_EQ(login("sorry, too many clients already").treatment, Treatment::retry);
  EXPECT_EQ(login("remaining connection slots are reserved for superuser connections").treatment,
            Treatment::retry);
  for (const char* refusal :
       {"bad auth : authentication failed", "Could not find user \"u\" for db \"admin\"",
        "Unsupported mechanism 'PLAIN'", "Username is invalid.", "Invalid account: User details not found",
        "SCRAM Failure: no matching nonce", "AuthenticationFailed", "password must not be empty",
        "not authorized on admin to execute command", "certificate has expired"})
    EXPECT_EQ(login(refusal).treatment, Treatment::fatal) << refusal;
  EXPECT_FALSE(login("Failed to send \"saslStart\" command").outcome_unknown);
  EXPECT_EQ(
      driver_error(MONGOC_ERROR_SCRAM, MONGOC_ERROR_SCRAM_PROTOCOL_ERROR, "Incorrect password").treatment,
      Treatment::fatal);
}

TEST(DriverError, OfTheServerTakesItsWholeTextFromTheReply) {
  const std::string text(2'000, 'x');
  const auto reply =
      from_extended_json(R"({"ok": 0, "code": 121, "codeName": "N", "errmsg": ")" + text + "\"}").value();
  const Error error = driver_error(MONGOC_ERROR_SERVER, 121, "cut", reply.view());
  EXPECT_EQ(error.message, text);
  EXPECT_EQ(error.code_name, "N");
  EXPECT_EQ(error.treatment, Treatment::split);
}

TEST(DriverError, WithoutACodeIsAnUnknownError) {
  const auto reply = from_extended_json(R"({"ok": 0, "errmsg": "?"})").value();
  EXPECT_EQ(driver_error(MONGOC_ERROR_SERVER, 0, "?", reply.view()).code, 8);
}

}  // namespace
}  // namespace ddsync::mongo
