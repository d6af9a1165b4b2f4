#include "mongo/server_info.h"

#include <fmt/format.h>

#include <algorithm>

#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

// Whatever `hello` says (100 000 at MongoDB): larger batches win nothing and DocumentDB takes no more.
constexpr int64_t kOperationsMax = 25'000;
// One command body, without document sequences.
constexpr int64_t kMessageBytesMax = 16 << 20;
// The wire version of MongoDB 8.0, the first with bulkWrite, and with bypassEmptyTsReplacement (late patches
// of 5.0 to 7.0 have that, too, and do not tell so: SERVER-88750).
constexpr int64_t kWireVersionOf8_0 = 25;
// Of every account, in every cloud; its connection strings ask for it.
constexpr std::string_view kSetOfCosmosDbRu = "globaldb";

uint32_t limit(DocumentView hello, std::string_view name, int64_t max) {
  const int64_t said = as_integer(find_value(hello, name), max);
  return static_cast<uint32_t>(said > 0 ? std::min(said, max) : max);
}

std::string hex(const ValueView& id) {
  if (id.type != BsonType::object_id) return "";
  std::string text;
  for (uint32_t i = 0; i < id.size; ++i) text += fmt::format("{:02x}", id.data[i]);
  return text;
}

// `internal.documentdb_versions`: one text or a list of them, the newest last.
std::string documentdb_version(DocumentView hello) {
  const ValueView versions = find_value(document_at(hello, "internal"), "documentdb_versions");
  if (versions.type == BsonType::string) return std::string(versions.as_string());
  std::string newest;
  if (versions.type != BsonType::array) return newest;
  ElementCursor elements(versions.as_document());
  while (elements.next()) newest = as_text(elements.value());
  return newest;
}

int64_t date(const ValueView& value) { return value.type == BsonType::date ? value.as_int64() : 0; }

std::string describe_server(const ServerInfo& info, DocumentView hello) {
  const int64_t wire_version = as_integer(find_value(hello, "maxWireVersion"));
  if (info.is_documentdb) {
    return fmt::format("DocumentDB{}{} (wire version {})", info.version.empty() ? "" : " ", info.version,
                       wire_version);
  }
  if (info.is_cosmosdb_ru)
    return fmt::format("Azure Cosmos DB for MongoDB, RU-based (wire version {})", wire_version);
  const std::string text = fmt::format("MongoDB {}", info.version);
  if (!info.replica_set.empty()) return fmt::format("{}, replica set {}", text, info.replica_set);
  return text + (info.is_replica_set_or_mongos ? ", sharded cluster" : ", standalone");
}

}  // namespace

ServerInfo parse_server_info(DocumentView hello, DocumentView build_info, HostHints hints) {
  ServerInfo info;
  // Empty while the gateway cannot ask its PostgreSQL (load_topology, pg_configuration.rs); MongoDB has no
  // such field.
  const bool says_documentdb =
      !find_value(hello, "internal").missing() || !find_value(build_info, "internal").missing();
  info.is_documentdb = says_documentdb || hints.azure_documentdb;
  info.is_azure_documentdb = hints.azure_documentdb;
  info.version = info.is_documentdb ? documentdb_version(hello)
                                    : std::string(as_text(find_value(build_info, "version")));
  const bool is_mongos = as_text(find_value(hello, "msg")) == "isdbgrid";
  info.replica_set = as_text(find_value(hello, "setName"));
  const bool says_cosmosdb_ru = hints.cosmosdb_ru || info.replica_set == kSetOfCosmosDbRu;
  info.is_cosmosdb_ru = says_cosmosdb_ru && !info.is_documentdb;
  info.is_replica_set_or_mongos = is_mongos || !info.replica_set.empty();
  info.limits.operations_max = limit(hello, "maxWriteBatchSize", kOperationsMax);
  info.limits.message_bytes_max = limit(hello, "maxMessageSizeBytes", kMessageBytesMax);
  info.limits.document_bytes_max = limit(hello, "maxBsonObjectSize", kMessageBytesMax);
  // A server without sessions has no transaction numbers either; DocumentDB takes them and ignores them.
  const bool has_sessions = as_integer(find_value(hello, "logicalSessionTimeoutMinutes")) > 0;
  info.limits.refuses_late_writes =
      info.is_replica_set_or_mongos && has_sessions && !info.is_documentdb && !says_cosmosdb_ru;
  const bool is_mongodb_8 = as_integer(find_value(hello, "maxWireVersion")) >= kWireVersionOf8_0 &&
                            !info.is_documentdb && !says_cosmosdb_ru;
  info.limits.replaces_empty_timestamps = is_mongodb_8;
  // Not through a mongos: it puts a shard's refusal of all on each operation, and tells successes as errors
  // (SERVER-113344).
  info.limits.takes_many_parts = is_mongodb_8 && !info.replica_set.empty();
  info.process_id = hex(find_value(document_at(hello, "topologyVersion"), "processId"));
  info.local_time_ms = date(find_value(hello, "localTime"));
  info.description = describe_server(info, hello);
  return info;
}

}  // namespace ddsync::mongo
