#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "bson/extended_json.h"
#include "state/base64.h"
#include "state/checkpoint_format.h"
#include "state/checkpoint_store.h"
#include "state/disk_error.h"

namespace ddsync::state {
namespace {

using Json = nlohmann::ordered_json;

// What is wrong with the content; only within this file: decode() turns it into an Error.
struct Damaged {
  std::string what;
};

tl::unexpected<Error> damaged(const std::string& path, std::string_view what) {
  return fatal_error(
      kDamagedState,
      fmt::format(
          "the state file {0} cannot be used: {1}. It was left as it is. To continue from the checkpoint "
          "before it (repeats some changes, harmless): cp -p '{0}.previous' '{0}'. To forget the state: "
          "--reset; changes made since the last run are then not applied, so copy the data again",
          path, what));
}

DocumentView view_of(std::string_view bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<uint32_t>(bytes.size())};
}

OwnedDocument checked(OwnedDocument document, std::string_view name) {
  ElementCursor cursor(document.view());
  while (cursor.next()) {
  }
  if (document.empty() || cursor.malformed()) throw Damaged{fmt::format("its {} is not a document", name)};
  return document;
}

// `<name>_base64` when it is there: it is the very bytes, Extended JSON is for people then.
OwnedDocument read_document(const Json& object, const std::string& name) {
  if (const auto bytes = object.find(name + "_base64"); bytes != object.end()) {
    const auto decoded = from_base64(bytes->get_ref<const std::string&>());
    if (!decoded) throw Damaged{fmt::format("its {}_base64 is not base64", name)};
    return checked(OwnedDocument(view_of(*decoded)), name);
  }
  const auto document = from_extended_json(object.at(name).dump());
  if (!document) throw Damaged{fmt::format("its {} is not Extended JSON", name)};
  return checked(*document, name);
}

uint64_t read_operation_time(const Json& stream) {
  const auto time = stream.find("operation_time");
  if (time == stream.end()) return 0;
  const Json& parts = time->at("$timestamp");
  return parts.at("t").get<uint64_t>() << 32 | parts.at("i").get<uint64_t>();
}

// The value that one of `names` has, by its text.
template <typename Names>
auto read_name(const Names& names, const std::string& text) {
  for (const auto& [value, name] : names) {
    if (name == text) return value;
  }
  throw Damaged{fmt::format("it has an unknown word, {}", text)};
}

StreamCheckpoint read_stream(const Json& json) {
  StreamCheckpoint stream;
  stream.scope = json.at("scope").get<std::string>();
  stream.position.kind = read_name(kPositionNames, json.at("position").get<std::string>());
  if (json.contains("token") || json.contains("token_base64")) {
    stream.position.token = ResumeToken(read_document(json, "token").view());
  }
  stream.position.operation_time = read_operation_time(json);
  stream.gap_reason = json.value("gap_reason", "");
  stream.spool_next = json.value("spool_next", uint64_t{1});
  stream.spool_end = json.value("spool_end", uint64_t{1});
  stream.copy = read_name(kCopyNames, json.value("copy", "none"));
  if (json.contains("may_be_sent")) stream.may_be_sent = json.at("may_be_sent").get<uint64_t>();
  stream.late_copies = json.value("late_copies", false);
  return stream;
}

Namespace read_namespace(const Json& json) {
  return {json.at("database").get<std::string>(), json.at("collection").get<std::string>()};
}

SuspectKey read_suspect(const Json& json) {
  const OwnedDocument key = read_document(json, "key");
  const ValueView id = find_value(key.view(), "_id");
  if (id.missing()) throw Damaged{"a suspect key has no _id"};
  return {read_namespace(json), OwnedValue(id)};
}

OwnedValue read_value(const Json& json, const std::string& name) {
  if (!json.contains(name) && !json.contains(name + "_base64")) return {};
  const OwnedDocument document = read_document(json, name);
  const ValueView value = find_value(document.view(), "_id");
  if (value.missing()) throw Damaged{fmt::format("its {} has no _id", name)};
  return OwnedValue(value);
}

CollectionLeft read_collection(const Json& json) {
  CollectionLeft left;
  left.stream = json.at("stream").get<std::string>();
  left.ns = read_namespace(json);
  left.step = read_name(kStepNames, json.at("step").get<std::string>());
  left.documents = json.at("documents").get<uint64_t>();
  left.documents_done = json.value("documents_done", uint64_t{0});
  left.uuid = json.value("uuid", std::string());
  for (const Json& range : json.at("ranges")) {
    left.ranges.push_back(
        {{left.ns, range.at("bracket").get<uint32_t>(), read_value(range, "from"), read_value(range, "to")},
         read_value(range, "after")});
  }
  return left;
}

std::vector<NamespacePattern> read_patterns(const Json& json) {
  std::vector<NamespacePattern> patterns;
  for (const Json& text : json) {
    const auto pattern = parse_pattern(text.get<std::string>());
    if (!pattern) throw Damaged{"it watches what is no collection"};
    patterns.push_back(*pattern);
  }
  return patterns;
}

WatchedBefore read_watched(const Json& json) {
  return {json.at("stream").get<std::string>(),
          std::make_shared<NamespaceFilter>(read_patterns(json.at("include")),
                                            read_patterns(json.at("exclude")))};
}

// A float that is whole is one, too: other tools than the services may have written the file.
uint64_t read_count(const Json& stats, const char* name) {
  constexpr double kBehindUint64 = 18446744073709551616.0;  // 2^64
  const auto count = stats.find(name);
  if (count == stats.end()) return 0;
  if (count->is_number_unsigned()) return count->get<uint64_t>();
  const double number = count->is_number_float() ? count->get<double>() : -1;
  if (number >= 0 && number < kBehindUint64 && std::trunc(number) == number)
    return static_cast<uint64_t>(number);
  throw Damaged{fmt::format("its sync_stats have {} that are no count", name)};
}

SyncStats read_stats(const Json& root) {
  SyncStats stats;
  const auto json = root.find("sync_stats");
  if (json == root.end() || json->is_null()) return stats;
  if (!json->is_object()) throw Damaged{"its sync_stats are not an object"};
  stats.total_synced = read_count(*json, "total_synced");
  stats.inserts = read_count(*json, "inserts");
  stats.updates = read_count(*json, "updates");
  stats.deletes = read_count(*json, "deletes");
  stats.errors = read_count(*json, "errors");
  return stats;
}

std::shared_ptr<const SourceIdentity> read_source(const Json& root) {
  const auto json = root.find("source_identity");
  if (json == root.end()) return nullptr;
  auto source = std::make_shared<SourceIdentity>();
  source->replica_set = json->at("replica_set").get<std::string>();
  for (const auto& [name, uuid] : json->at("collections").items())
    if (const auto ns = parse_namespace(name)) source->collections.emplace(*ns, uuid.get<std::string>());
  return source;
}

Checkpoint read_own(const Json& root) {
  Checkpoint checkpoint;
  checkpoint.generation = root.at("generation").get<uint64_t>();
  checkpoint.source = read_source(root);
  for (const Json& stream : root.at("streams")) checkpoint.streams.push_back(read_stream(stream));
  for (const Json& suspect : root.at("suspects")) checkpoint.suspects.push_back(read_suspect(suspect));
  for (const Json& ns : root.at("unproven_namespaces")) {
    checkpoint.unproven_namespaces.push_back(read_namespace(ns));
  }
  checkpoint.clean_end = root.at("clean_end").get<bool>();
  for (const Json& ns : root.at("missed_lookups")) {
    checkpoint.missed_lookups.push_back(read_namespace(ns));
  }
  if (const auto watched = root.find("watched"); watched != root.end()) {
    for (const Json& stream : *watched) checkpoint.watched.push_back(read_watched(stream));
  }
  if (const auto copies = root.find("copies"); copies != root.end()) {
    for (const Json& collection : *copies) checkpoint.copies.push_back(read_collection(collection));
  }
  checkpoint.stats = read_stats(root);
  return checkpoint;
}

// {resume_tokens: {"db.coll": token or null}, last_sync_time, sync_stats}
Checkpoint read_original(const Json& root) {
  Checkpoint checkpoint;
  const Json& tokens = root.at("resume_tokens");
  if (!tokens.is_object()) throw Damaged{"its resume_tokens are not an object"};
  for (const auto& [scope, token] : tokens.items()) {
    StreamCheckpoint stream;
    stream.scope = scope;
    if (!token.is_null()) {
      if (!token.is_object()) throw Damaged{fmt::format("the resume token of {} is not a document", scope)};
      stream.position.kind = PositionKind::resume_after;
      stream.position.token = ResumeToken(read_document(Json{{"token", token}}, "token").view());
    }
    checkpoint.streams.push_back(std::move(stream));
  }
  checkpoint.stats = read_stats(root);
  return checkpoint;
}

// The text that the checksum is of, when `text` begins as a file of ours does.
std::optional<std::string_view> rest_of(std::string_view text, std::string_view& checksum) {
  constexpr size_t kTailAt = kChecksumHead.size() + kChecksumDigits;
  constexpr size_t kRestAt = kTailAt + kChecksumTail.size();
  if (text.substr(0, kChecksumHead.size()) != kChecksumHead || text.size() < kRestAt) return std::nullopt;
  if (text.substr(kTailAt, kChecksumTail.size()) != kChecksumTail) return std::nullopt;
  checksum = text.substr(kChecksumHead.size(), kChecksumDigits);
  return text.substr(kRestAt);
}

// One of ours whose first line was damaged must not pass for a file of the original service, which has no
// checksum.
bool has_own_keys(const Json& root) {
  return root.contains("format") || root.contains("checksum") || root.contains("streams");
}

tl::expected<void, Error> check_use(const Json& root, const std::string& path,
                                    const StateIdentity& identity) {
  const auto format = root.at("format").get<uint64_t>();
  if (format > kFormat) {
    return fatal_error(
        kForeignState,
        fmt::format("the state file {} has format {}, written by a newer version; this one reads "
                    "up to {}: run the newer version, or set state.directory to another folder",
                    path, format, kFormat));
  }
  if (format != kFormat) throw Damaged{fmt::format("it has the unknown format {}", format)};
  const auto source = root.at("source").get<std::string>();
  const auto target = root.at("target").get<std::string>();
  if (source == identity.source && target == identity.target) return {};
  return fatal_error(
      kForeignState,
      fmt::format(
          "the state file {} belongs to {} -> {}, the configuration is of {} -> {}: its positions mean "
          "nothing here. Use the configuration it belongs to, another state.directory, or forget it "
          "with --reset",
          path, source, target, identity.source, identity.target));
}

// Deeper than any document that a server stores, with what stands around it: what reads a tree of JSON calls
// itself for each level.
Json parse(std::string_view text) {
  constexpr int kDepthMax = 2 * kNestingMax;
  return Json::parse(
      text,
      [](int depth, Json::parse_event_t, const Json&) {
        if (depth > kDepthMax) throw Damaged{"it is nested too deeply"};
        return true;
      },
      false);
}

Result<Checkpoint> decode_checked(std::string_view text, const std::string& path,
                                  const StateIdentity& identity) {
  if (text.empty()) throw Damaged{"it is empty"};
  std::string_view checksum;
  const auto rest = rest_of(text, checksum);
  if (rest && checksum_of(*rest) != checksum) {
    throw Damaged{"its checksum does not match, so it was cut off or changed"};
  }
  const Json root = parse(text);
  if (root.is_discarded() || !root.is_object()) {
    throw Damaged{"it is not a JSON object, so it was cut off or changed"};
  }
  if (!rest && has_own_keys(root)) throw Damaged{"its checksum is not in the first line"};
  if (!rest) return read_original(root);
  if (auto usable = check_use(root, path, identity); !usable) return tl::unexpected(usable.error());
  return read_own(root);
}

}  // namespace

Result<Checkpoint> decode(std::string_view text, const std::string& path, const StateIdentity& identity) {
  try {
    return decode_checked(text, path, identity);
  } catch (const Damaged& reason) {
    return damaged(path, reason.what);
  } catch (const nlohmann::json::exception& error) {
    return damaged(path, error.what());
  }
}

}  // namespace ddsync::state
