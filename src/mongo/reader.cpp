#include <algorithm>
#include <span>
#include <unordered_map>

#include "bson/key.h"
#include "bson/writer.h"
#include "mongo/catalog.h"
#include "mongo/reader_impl.h"
#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

constexpr size_t kIdsPerFind_max = 1'000;
constexpr size_t kIdBytesPerFind_max = 8u << 20;

// How many of `ids` go into one command.
size_t chunk_size(std::span<const OwnedValue> ids) {
  size_t bytes = 0;
  size_t count = 0;
  while (count < std::min(ids.size(), kIdsPerFind_max)) {
    bytes += ids[count].view().size;
    if (count > 0 && bytes > kIdBytesPerFind_max) break;
    ++count;
  }
  return count;
}

// {"0": <value>, ...} as raw bytes: libbson has no call for a value of any type from bytes.
std::string array_of(std::span<const OwnedValue> ids) {
  std::string bytes(sizeof(int32_t), '\0');
  uint32_t index = 0;
  for (const OwnedValue& id : ids) {
    const ValueView value = id.view();
    bytes += static_cast<char>(value.type);
    bytes += std::to_string(index++);
    bytes += '\0';
    bytes.append(reinterpret_cast<const char*>(value.data), value.size);
  }
  bytes += '\0';
  const auto length = static_cast<int32_t>(bytes.size());
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes;
}

// {find: <collection>, filter: {_id: {$in: [...]}}, batchSize: n}
void append_find(Bson& command, const std::string& collection, std::span<const OwnedValue> ids) {
  const std::string bytes = array_of(ids);
  bson_t values;
  bson_t filter;
  bson_t condition;
  bson_init_static(&values, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  bson_append_utf8(command.get(), "find", -1, collection.c_str(), static_cast<int>(collection.size()));
  bson_append_document_begin(command.get(), "filter", -1, &filter);
  bson_append_document_begin(&filter, "_id", -1, &condition);
  bson_append_array(&condition, "$in", -1, &values);
  bson_append_document_end(&filter, &condition);
  bson_append_document_end(command.get(), &filter);
  bson_append_int32(command.get(), "batchSize", -1, static_cast<int32_t>(ids.size()));
}

}  // namespace

Result<std::vector<OwnedDocument>> CommandReader::find_by_ids(const Namespace& ns,
                                                              const std::vector<OwnedValue>& ids) {
  std::unordered_map<std::string, OwnedDocument> found;  // by key: the server answers in its own order
  std::span<const OwnedValue> left(ids);
  while (!left.empty()) {
    const auto chunk = left.first(chunk_size(left));
    left = left.subspan(chunk.size());
    Bson command;
    append_find(command, ns.collection, chunk);
    const auto done = for_each_document(
        connection_, ErrorContext::find, ns.database, *command.get(), [&](DocumentView document) {
          found[canonical_key(find_value(document, "_id")).bytes()] = OwnedDocument(document);
        });
    if (!done && done.error().treatment != Treatment::missing) return tl::unexpected(done.error());
  }
  std::vector<OwnedDocument> documents;
  documents.reserve(ids.size());
  for (const OwnedValue& id : ids) {
    const auto hit = found.find(canonical_key(id.view()).bytes());
    documents.push_back(hit == found.end() ? OwnedDocument() : hit->second);
  }
  return documents;
}

Result<uint64_t> CommandReader::estimated_count(const Namespace& ns) {
  return mongo::estimated_count(connection_, ns);
}

Result<std::vector<std::string>> CommandReader::database_names() { return list_databases(connection_); }

Result<std::vector<std::string>> CommandReader::collection_names(const std::string& database) {
  return list_collections(connection_, ErrorContext::find, database);
}

Result<std::map<std::string, std::string>> CommandReader::collection_uuids(const std::string& database) {
  const auto entries = list_collection_entries(connection_, database, {});
  if (!entries) return tl::unexpected(entries.error());
  std::map<std::string, std::string> uuids;
  for (const OwnedDocument& entry : *entries) {
    const std::string_view name = as_text(find_value(entry.view(), "name"));
    const bool has_stream = as_text(find_value(entry.view(), "type")) != "timeseries";
    std::string uuid = uuid_of(entry.view());
    if (has_stream && !uuid.empty() && !name.starts_with("system.")) uuids.emplace(name, std::move(uuid));
  }
  return uuids;
}

Result<std::optional<ListedCollection>> CommandReader::collection(const Namespace& ns) {
  const auto entries = list_collection_entries(connection_, ns.database, ns.collection);
  if (!entries) return tl::unexpected(entries.error());
  if (entries->empty()) return std::optional<ListedCollection>();
  const DocumentView entry = entries->front().view();
  const ValueView options = find_value(entry, "options");
  const bool has_options = options.type == BsonType::document;
  const std::string none = BsonWriter().finish();
  return std::optional(
      ListedCollection{OwnedDocument(has_options ? options.as_document() : view_of(none)), uuid_of(entry)});
}

Result<std::vector<OwnedDocument>> CommandReader::indexes(const Namespace& ns) {
  return list_indexes(connection_, ErrorContext::find, ns);
}

}  // namespace ddsync::mongo
