#include <cstring>

#include "bson/writer.h"
#include "mongo/catalog.h"
#include "mongo/inspector_impl.h"
#include "mongo/server_error.h"
#include "mongo/size_sample.h"

namespace ddsync::mongo {
namespace {

constexpr int64_t kMeasuring_ms = 2'000;  // of one collection

uint32_t seconds_of(const ValueView& timestamp) {
  uint64_t value = 0;
  if (timestamp.type == BsonType::timestamp) std::memcpy(&value, timestamp.data, sizeof value);
  return static_cast<uint32_t>(value >> 32);
}

template <typename Take>
void for_each_entry(DocumentView array, const Take& take) {
  ElementCursor elements(array);
  while (elements.next()) take(elements.value());
}

Privilege parse_privilege(DocumentView entry) {
  const DocumentView resource = document_at(entry, "resource");
  const ValueView any = find_value(resource, "anyResource");
  Privilege privilege{.any_resource = any.type == BsonType::boolean && any.as_bool(),
                      .database = std::string(as_text(find_value(resource, "db"))),
                      .collection = std::string(as_text(find_value(resource, "collection"))),
                      .actions = {}};
  for_each_entry(document_at(entry, "actions"),
                 [&](const ValueView& action) { privilege.actions.emplace_back(as_text(action)); });
  return privilege;
}

// {cluster: true} names no collection: its empty names would read as all of them.
bool is_of_collections(DocumentView entry) {
  return find_value(document_at(entry, "resource"), "cluster").missing();
}

}  // namespace

Rights parse_rights(DocumentView reply) {
  const DocumentView info = document_at(reply, "authInfo");
  Rights rights;
  for_each_entry(document_at(info, "authenticatedUsers"), [&](const ValueView& user) {
    if (user.type == BsonType::document) rights.user = as_text(find_value(user.as_document(), "user"));
  });
  for_each_entry(document_at(info, "authenticatedUserPrivileges"), [&](const ValueView& entry) {
    if (entry.type == BsonType::document && is_of_collections(entry.as_document()))
      rights.privileges.push_back(parse_privilege(entry.as_document()));
  });
  return rights;
}

Result<Rights> CommandInspector::rights() {
  Bson command;
  bson_append_int32(command.get(), "connectionStatus", -1, 1);
  bson_append_bool(command.get(), "showPrivileges", -1, true);
  const auto reply = connection_.read(ErrorContext::find, "admin", *command.get());
  if (!reply) return tl::unexpected(reply.error());
  return parse_rights(reply->view());
}

Result<uint32_t> CommandInspector::entry_time(int32_t order) {
  Bson command;
  bson_append_utf8(command.get(), "find", -1, "oplog.rs", -1);
  bson_t sort;
  bson_append_document_begin(command.get(), "sort", -1, &sort);
  bson_append_int32(&sort, "$natural", -1, order);
  bson_append_document_end(command.get(), &sort);
  bson_append_int64(command.get(), "limit", -1, 1);
  bson_append_bool(command.get(), "singleBatch", -1, true);
  uint32_t seconds = 0;
  const auto done =
      for_each_document(connection_, ErrorContext::find, "local", *command.get(),
                        [&](DocumentView entry) { seconds = seconds_of(find_value(entry, "ts")); });
  if (!done) return tl::unexpected(done.error());
  return seconds;
}

Result<std::optional<HistoryWindow>> CommandInspector::history() {
  const auto oldest = entry_time(1);
  if (!oldest) return tl::unexpected(oldest.error());
  const auto newest = entry_time(-1);
  if (!newest) return tl::unexpected(newest.error());
  if (*oldest == 0 || *newest == 0) return std::nullopt;
  return HistoryWindow{.oldest_s = *oldest, .newest_s = *newest};
}

Result<SizeSample> CommandInspector::sizes(const Namespace& ns, uint64_t documents,
                                           const std::vector<OwnedDocument>& indexes) {
  auto measured = sample(ns, size_pipeline(documents, indexes), indexes);
  if (measured || measured.error().code == kErrorNetwork || measured.error().treatment == Treatment::fatal)
    return measured;
  return sample(ns, id_pipeline(documents), {});
}

Result<SizeSample> CommandInspector::sample(const Namespace& ns, const std::string& pipeline,
                                            const std::vector<OwnedDocument>& indexes) {
  const std::string bytes =
      BsonWriter()
          .string("aggregate", ns.collection)
          .document("pipeline", pipeline, BsonType::array)
          .document("cursor",
                    BsonWriter().int32("batchSize", static_cast<int32_t>(kSampledDocuments_max + 1)).finish())
          .int64("maxTimeMS", kMeasuring_ms)
          .finish();
  bson_t command;
  bson_init_static(&command, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  SizeSample sample;
  const auto done = for_each_document(connection_, ErrorContext::find, ns.database, command,
                                      [&](DocumentView document) { take_sizes(document, indexes, sample); });
  if (!done) return tl::unexpected(done.error());
  return sample;
}

}  // namespace ddsync::mongo
