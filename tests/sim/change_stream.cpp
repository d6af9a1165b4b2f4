#include "sim/change_stream.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "bson/writer.h"
#include "sim/batch.h"
#include "sim/violation.h"

namespace ddsync::sim {
namespace {

struct TokenParts {
  std::string scope;
  uint64_t number = 0;
  char kind = 0;  // e: an event, i: an invalidate, p: post-batch
};

TokenParts parse_token(const ResumeToken& token) {
  const ValueView data = find_value(token.view(), "_data");
  require(data.type == BsonType::string, "a resume token came back changed");
  const std::string text(data.as_string());
  const size_t first = text.find('|');
  require(first != std::string::npos && text.size() > first + 2, "a resume token came back changed");
  return {text.substr(0, first), std::stoull(text.substr(first + 2)), text[first + 1]};
}

std::string_view kind_name(EventKind kind, Dialect dialect) {
  switch (kind) {
    case EventKind::insert:
      return "insert";
    case EventKind::update:
      return "update";
    case EventKind::replace:
      return dialect == Dialect::documentdb ? "update" : "replace";
    case EventKind::remove:
      return "delete";
    case EventKind::drop:
      return "drop";
    case EventKind::rename:
      return "rename";
    case EventKind::drop_database:
      return "dropDatabase";
    case EventKind::create:
      return "create";
    case EventKind::create_indexes:
      return "createIndexes";
    case EventKind::drop_indexes:
      return "dropIndexes";
    case EventKind::modify:
      return "modify";
    default:
      return "invalidate";
  }
}

// Options are a number of no meaning, under the name of one.
std::string description_of(const Change& change) {
  if (change.kind == EventKind::create || change.kind == EventKind::modify)
    return BsonWriter().int64("validator", change.options).finish();
  const std::string index = BsonWriter().string("name", change.index).finish();
  const std::string list = BsonWriter().document("0", index).finish();
  return BsonWriter().document("indexes", list, BsonType::array).finish();
}

std::string namespace_document(const Namespace& ns) {
  BsonWriter writer;
  writer.string("db", ns.database);
  if (!ns.collection.empty()) writer.string("coll", ns.collection);
  return writer.finish();
}

}  // namespace

uint64_t change_number(const StreamPosition& position) {
  if (position.kind == PositionKind::none) return 0;
  // Inclusive: the change of that time is delivered again.
  if (position.kind == PositionKind::operation_time)
    return position.operation_time == 0 ? 0 : position.operation_time - 1;
  return parse_token(position.token).number;
}

std::optional<Error> ChangeStream::open(const StreamPosition& position, StreamPosition& start) {
  invalidate_due_ = 0;
  last_token_.clear();
  if (position.known()) {
    position_after(position);
    if (profile_.dialect == Dialect::documentdb) last_token_.clear();  // none before the first event
    // mongod looks for the token itself: it is gone with its change.
    if (next_ < source_.first_kept())
      return make_error(ErrorContext::stream_open, 286, "ChangeStreamHistoryLost", "simulated");
    open_ = true;
    return std::nullopt;
  }
  next_ = source_.last_number() + 1;
  open_ = true;
  if (!profile_.gives_start_position) return std::nullopt;
  if (profile_.start_is_time) {
    start = {PositionKind::operation_time, {}, source_.last_number()};
  } else {
    start = {PositionKind::resume_after, ResumeToken(view_of(token(source_.last_number(), 'p'))), 0};
  }
  return std::nullopt;
}

void ChangeStream::position_after(const StreamPosition& position) {
  if (position.kind == PositionKind::operation_time) {
    next_ = std::max<uint64_t>(1, position.operation_time);
    return;
  }
  const TokenParts parts = parse_token(position.token);
  require(parts.scope == scope_.name(),
          fmt::format("a token of {} was given to the stream of {}", parts.scope, scope_.name()));
  require(parts.kind != 'i' || position.kind == PositionKind::start_after,
          "resumeAfter with the token of an invalidate");
  next_ = parts.number + 1;
  if (parts.kind == 'e' && parts.number > 0 && parts.number >= source_.first_kept() &&
      invalidates(source_.log()[parts.number - 1])) {
    invalidate_due_ = parts.number;
  }
  last_token_ = token(parts.number, parts.kind);
}

bool ChangeStream::delivers(const Change& change) const {
  if (scope_.level == ScopeLevel::cluster) return true;
  if (change.ns.database != scope_.ns.database) return false;
  if (scope_.level == ScopeLevel::database) return true;
  if (change.ns.collection == scope_.ns.collection) return true;
  return change.kind == EventKind::rename && profile_.rename_seen_at_new_name && change.to == scope_.ns;
}

bool ChangeStream::invalidates(const Change& change) const {
  if (scope_.level == ScopeLevel::cluster || !delivers(change)) return false;
  if (scope_.level == ScopeLevel::database) return change.kind == EventKind::drop_database;
  return change.kind == EventKind::drop || change.kind == EventKind::rename;
}

const Change* ChangeStream::next_change() const {
  for (uint64_t number = next_; number <= source_.last_number(); ++number) {
    const Change& change = source_.log()[number - 1];
    const bool hidden = profile_.dialect == Dialect::documentdb && change.kind > EventKind::remove;
    if (!hidden && delivers(change)) return &change;
  }
  return nullptr;
}

bool ChangeStream::has_events() const { return invalidate_due_ != 0 || next_change() != nullptr; }

std::optional<Error> ChangeStream::read(uint32_t events_max, bool damaged, RawBatch& batch) {
  require(open_, "a stream without a cursor is read");
  if (next_ < source_.first_kept() && invalidate_due_ == 0) {
    open_ = false;
    return make_error(ErrorContext::stream_read, 286, "ChangeStreamHistoryLost", "simulated");
  }
  BsonWriter events;
  uint32_t count = 0;
  while (count < events_max && open_) {
    if (invalidate_due_ != 0) {
      const Change& change = source_.log()[invalidate_due_ - 1];
      events.document(std::to_string(count++), encode_invalidate(change));
      last_token_ = token(change.number, 'i');
      invalidate_due_ = 0;
      open_ = false;  // the server closes the cursor behind it
      break;
    }
    const Change* change = next_change();
    if (change == nullptr) break;
    next_ = change->number + 1;
    if (damaged && count + 1 == events_max) {
      events.document(std::to_string(count++), BsonWriter().int32("damaged", 1).finish());
      break;
    }
    events.document(std::to_string(count++), encode(*change));
    last_token_ = token(change->number, 'e');
    if (invalidates(*change)) invalidate_due_ = change->number;
  }
  batch = make_batch(events.finish(), post_batch_token());
  return std::nullopt;
}

RawBatch ChangeStream::empty_batch() { return make_batch(BsonWriter().finish(), post_batch_token()); }

std::string ChangeStream::post_batch_token() {
  if (profile_.dialect == Dialect::documentdb || has_events() || !open_) return last_token_;
  last_token_ = token(std::max(next_ - 1, source_.last_number()), 'p');
  return last_token_;
}

std::string ChangeStream::token(uint64_t number, char kind) const {
  return BsonWriter().string("_data", fmt::format("{}|{}{}", scope_.name(), kind, number)).finish();
}

std::string ChangeStream::encode(const Change& change) const {
  const bool documentdb = profile_.dialect == Dialect::documentdb;
  BsonWriter event;
  event.document("_id", token(change.number, 'e'));
  event.string("operationType", kind_name(change.kind, profile_.dialect));
  if (documentdb) {
    event.string("wallTime", "2026-01-01T00:00:00Z");
  } else {
    event.int64("wallTime", static_cast<int64_t>(change.number), BsonType::date);
  }
  event.document("ns", namespace_document(change.ns));
  if (change.kind == EventKind::rename) event.document("to", namespace_document(change.to));
  const bool names_life = change.kind == EventKind::create_indexes || change.kind == EventKind::rename;
  if (names_life && profile_.workload.options > 0)
    event.value("collectionUUID", uuid_view(uuid_value(change.life)));
  if (change.kind >= EventKind::create) event.document("operationDescription", description_of(change));
  if (change.kind > EventKind::remove) return event.finish();

  event.document("documentKey", BsonWriter().value(documentdb ? "" : "_id", change.id.view()).finish());
  if (change.kind == EventKind::remove) return event.finish();
  const bool looks_up = !documentdb && change.kind == EventKind::update;
  const std::string document = looks_up ? look_up(change) : *change.image;
  if (!document.empty()) {
    event.document("fullDocument", document);
  } else if (!profile_.null_is_absent) {
    event.null("fullDocument");
  }
  return event.finish();
}

// updateLookup reads the document when the event is delivered: a later version, one that was deleted and
// inserted again meanwhile, or nothing. The collection is told by its UUID: after a rename there is nothing.
std::string ChangeStream::look_up(const Change& change) const {
  const Collection* collection = source_.store().find(change.ns);
  if (collection == nullptr || collection->life != change.life) return {};
  const std::string* document = collection->find(identity_of(change.id.view()));
  return document == nullptr ? std::string() : *document;
}

std::string ChangeStream::encode_invalidate(const Change& change) const {
  return BsonWriter()
      .document("_id", token(change.number, 'i'))
      .string("operationType", "invalidate")
      .finish();
}

}  // namespace ddsync::sim
