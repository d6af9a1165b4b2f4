#include <fmt/format.h>
#include <xxhash.h>

#include <iterator>

#include "bson/extended_json.h"
#include "state/base64.h"
#include "state/checkpoint_format.h"
#include "state/checkpoint_store.h"
#include "state/json_text.h"

namespace ddsync::state {
namespace {

// Types and values of which it is certain that Extended JSON gives the same bytes back. Of all others the
// bytes are stored too: a code with an embedded NUL, a duplicate field name or text that is not UTF-8 would
// not.
bool survives_extended_json(const ValueView& value) {
  switch (value.type) {
    case BsonType::object_id:
    case BsonType::int32:
    case BsonType::int64:
      return true;
    case BsonType::string:
      return is_plain(value.as_string());
    default:
      return false;
  }
}

// A document with one such field, as nearly every resume token is: {"_data": "8263..."}.
bool survives_extended_json(DocumentView document) {
  ElementCursor cursor(document);
  if (!cursor.next() || !survives_extended_json(cursor.value())) return false;
  const bool plain_name = !cursor.name().empty() && cursor.name().front() != '$' && is_plain(cursor.name());
  return plain_name && !cursor.next() && !cursor.malformed();
}

// Nothing when libbson cannot write it (damaged, text that is not UTF-8, nested too deep).
std::string document_json(DocumentView document) {
  ElementCursor cursor(document);
  const bool exact = survives_extended_json(document);
  if (!exact || !cursor.next() || cursor.value().type != BsonType::string) return to_extended_json(document);
  return fmt::format("{{\"{}\":\"{}\"}}", cursor.name(), cursor.value().as_string());
}

// `,"<name>":{...}` and, when needed, `,"<name>_base64":"..."`.
void append_document(std::string& out, std::string_view name, DocumentView document) {
  const std::string json = document_json(document);
  if (!json.empty()) fmt::format_to(std::back_inserter(out), ",\"{}\":{}", name, json);
  if (survives_extended_json(document)) return;
  fmt::format_to(std::back_inserter(out), ",\"{}_base64\":\"{}\"", name, to_base64(document));
}

// The text of a value that has one.
template <typename Names, typename Value>
std::string_view name_in(const Names& names, Value value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  return names.front().second;
}

// `separator` before each item but the first; every item on its own line, so that people can read and diff.
template <typename Items, typename Append>
void append_items(std::string& out, const Items& items, Append append) {
  bool first = true;
  for (const auto& item : items) {
    out.append(first ? "\n" : ",\n");
    first = false;
    append(out, item);
  }
}

void append_stream(std::string& out, const StreamCheckpoint& stream) {
  out.append("{\"scope\":");
  append_json_string(out, stream.scope);
  fmt::format_to(std::back_inserter(out), ",\"position\":\"{}\"",
                 name_in(kPositionNames, stream.position.kind));
  if (!stream.position.token.empty()) append_document(out, "token", stream.position.token.view());
  if (const uint64_t time = stream.position.operation_time; time != 0) {
    fmt::format_to(std::back_inserter(out), ",\"operation_time\":{{\"$timestamp\":{{\"t\":{},\"i\":{}}}}}",
                   time >> 32, time & 0xFFFF'FFFF);
  }
  if (!stream.gap_reason.empty()) {
    out.append(",\"gap_reason\":");
    append_json_string(out, stream.gap_reason);
  }
  if (stream.spool_next != 1)
    fmt::format_to(std::back_inserter(out), ",\"spool_next\":{}", stream.spool_next);
  if (stream.spool_end != 1) fmt::format_to(std::back_inserter(out), ",\"spool_end\":{}", stream.spool_end);
  if (stream.copy != StreamCopy::none)
    fmt::format_to(std::back_inserter(out), ",\"copy\":\"{}\"", name_in(kCopyNames, stream.copy));
  if (stream.may_be_sent) fmt::format_to(std::back_inserter(out), ",\"may_be_sent\":{}", *stream.may_be_sent);
  if (stream.late_copies) out.append(",\"late_copies\":true");
  out.push_back('}');
}

void append_namespace(std::string& out, const Namespace& ns) {
  out.append("\"database\":");
  append_json_string(out, ns.database);
  out.append(",\"collection\":");
  append_json_string(out, ns.collection);
}

void append_braced_namespace(std::string& out, const Namespace& ns) {
  out.push_back('{');
  append_namespace(out, ns);
  out.push_back('}');
}

void append_suspect(std::string& out, const SuspectKey& suspect) {
  out.push_back('{');
  append_namespace(out, suspect.ns);
  append_document(out, "key", wrap_value("_id", suspect.id.view()).view());
  out.push_back('}');
}

void append_value(std::string& out, std::string_view name, const OwnedValue& value) {
  if (!value.view().missing()) append_document(out, name, wrap_value("_id", value.view()).view());
}

void append_range(std::string& out, const RangeLeft& left) {
  fmt::format_to(std::back_inserter(out), "{{\"bracket\":{}", left.range.bracket);
  append_value(out, "from", left.range.from);
  append_value(out, "to", left.range.to);
  append_value(out, "after", left.after);
  out.push_back('}');
}

void append_collection(std::string& out, const CollectionLeft& left) {
  out.append("{\"stream\":");
  append_json_string(out, left.stream);
  out.push_back(',');
  append_namespace(out, left.ns);
  fmt::format_to(std::back_inserter(out), ",\"step\":\"{}\",\"documents\":{},\"documents_done\":{}",
                 name_in(kStepNames, left.step), left.documents, left.documents_done);
  if (!left.uuid.empty()) {
    out.append(",\"uuid\":");
    append_json_string(out, left.uuid);
  }
  out.append(",\"ranges\":[");
  append_items(out, left.ranges, append_range);
  out.append("]}");
}

void append_patterns(std::string& out, std::string_view name, const std::vector<NamespacePattern>& patterns) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":[", name);
  bool first = true;
  for (const NamespacePattern& pattern : patterns) {
    if (!std::exchange(first, false)) out.push_back(',');
    append_json_string(out, pattern.text());
  }
  out.push_back(']');
}

void append_watched(std::string& out, const WatchedBefore& watched) {
  out.append("{\"stream\":");
  append_json_string(out, watched.stream);
  append_patterns(out, "include", watched.filter->include());
  append_patterns(out, "exclude", watched.filter->exclude());
  out.push_back('}');
}

// What the original service reads; a token that it cannot carry is null there.
void append_resume_token(std::string& out, const StreamCheckpoint& stream) {
  append_json_string(out, stream.scope);
  const std::string json =
      stream.position.token.empty() ? std::string() : document_json(stream.position.token.view());
  out.push_back(':');
  out.append(json.empty() ? "null" : json);
}

void append_original_part(std::string& out, const Checkpoint& checkpoint, std::string_view last_sync_time) {
  out.append("\"resume_tokens\":{");
  append_items(out, checkpoint.streams, append_resume_token);
  out.append("},\n\"last_sync_time\":");
  if (last_sync_time.empty()) {
    out.append("null");
  } else {
    append_json_string(out, last_sync_time);
  }
  const SyncStats& stats = checkpoint.stats;
  fmt::format_to(std::back_inserter(out),
                 ",\n\"sync_stats\":{{\"total_synced\":{},\"inserts\":{},\"updates\":{},\"deletes\":{},"
                 "\"errors\":{}}},\n",
                 stats.total_synced, stats.inserts, stats.updates, stats.deletes, stats.errors);
}

void append_source(std::string& out, const SourceIdentity& source) {
  out.append(",\n\"source_identity\":{\"replica_set\":");
  append_json_string(out, source.replica_set);
  out.append(",\"collections\":{");
  append_items(out, source.collections, [](std::string& to, const auto& collection) {
    append_json_string(to, collection.first.name());
    to.push_back(':');
    append_json_string(to, collection.second);
  });
  out.append("}}");
}

void append_own_part(std::string& out, const Checkpoint& checkpoint, const StateIdentity& identity) {
  fmt::format_to(std::back_inserter(out), "\"format\":{},\n\"generation\":{},\n\"source\":", kFormat,
                 checkpoint.generation);
  append_json_string(out, identity.source);
  out.append(",\n\"target\":");
  append_json_string(out, identity.target);
  if (checkpoint.source) append_source(out, *checkpoint.source);
  out.append(",\n\"streams\":[");
  append_items(out, checkpoint.streams, append_stream);
  fmt::format_to(std::back_inserter(out), "],\n\"clean_end\":{},\n\"suspects\":[", checkpoint.clean_end);
  append_items(out, checkpoint.suspects, append_suspect);
  out.append("],\n\"unproven_namespaces\":[");
  append_items(out, checkpoint.unproven_namespaces, append_braced_namespace);
  out.append("],\n\"missed_lookups\":[");
  append_items(out, checkpoint.missed_lookups, append_braced_namespace);
  out.append("]");
  if (!checkpoint.watched.empty()) {
    out.append(",\n\"watched\":[");
    append_items(out, checkpoint.watched, append_watched);
    out.append("]");
  }
  if (!checkpoint.copies.empty()) {
    out.append(",\n\"copies\":[");
    append_items(out, checkpoint.copies, append_collection);
    out.append("]");
  }
  out.append("\n}\n");
}

}  // namespace

std::string checksum_of(std::string_view rest) {
  return fmt::format("{:016x}", XXH3_64bits(rest.data(), rest.size()));
}

std::string encode(const Checkpoint& checkpoint, const StateIdentity& identity,
                   std::string_view last_sync_time) {
  std::string rest;
  append_original_part(rest, checkpoint, last_sync_time);
  append_own_part(rest, checkpoint, identity);
  return fmt::format("{}{}{}{}", kChecksumHead, checksum_of(rest), kChecksumTail, rest);
}

}  // namespace ddsync::state
