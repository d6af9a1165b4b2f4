#include "engine/intake.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "bson/uuid.h"
#include "engine/planted_bug.h"

namespace ddsync {
namespace {

constexpr std::array<const char*, kKnownEventKinds> kKindNames = {
    "insert",       "update",     "replace", "delete",        "drop",        "rename",
    "dropDatabase", "invalidate", "create",  "createIndexes", "dropIndexes", "modify"};

WriteKind write_kind(EventKind kind) {
  if (kind == EventKind::insert) return WriteKind::insert;
  return kind == EventKind::remove ? WriteKind::remove : WriteKind::replace;
}

// A source that has not moved gives the token back that the stream was opened with: of an invalidate it still
// needs startAfter.
StreamPosition position_behind(const Stream& stream, DocumentView post_batch_token) {
  if (post_batch_token.empty()) return {};
  if (post_batch_token == stream.read_position.token.view()) return stream.read_position;
  return {PositionKind::resume_after, ResumeToken(post_batch_token), 0};
}

// A batch comes out of a socket or a file and is larger than the caches near the core; decoding reads the
// beginning and the end of each event, with its document between them. So while one event is decoded the
// memory where two others meet is asked for, if events are of a size, as those of one collection mostly are:
// the end of the next one and the beginning of the one after it. (Inlined by force: GCC 12 leaves out calls
// of a function that has no effect but its prefetches.)
[[gnu::always_inline]] inline void prefetch_ahead(const ElementCursor& cursor) {
  constexpr uint32_t kCacheLine = 64;
  constexpr uint32_t kEnd = 3 * kCacheLine;
  constexpr uint32_t kBeginning = 5 * kCacheLine;
  const DocumentView event = cursor.value().as_document();
  if (event.size < kEnd || event.size + kBeginning > cursor.bytes_left()) return;
  const uint8_t* meeting = event.data + event.size + event.size;
  for (const uint8_t* at = meeting - kEnd; at < meeting + kBeginning; at += kCacheLine)
    __builtin_prefetch(at);
}

BatchSize size_of(const BatchRecord& batch) {
  BatchSize size{.events = batch.slots.size(), .bytes = batch.bytes, .largest = 1};
  for (uint32_t i = 0; i < batch.slots.size(); ++i)
    size.largest = std::max<uint64_t>(size.largest, batch.event(i).size);
  return size;
}

}  // namespace

Intake::Intake(Shared& shared, Streams& streams, PendingOperations& pending, Acknowledger& acknowledger,
               Barriers& barriers, Copies& copies, Suspects& suspects, Lookups& lookups)
    : shared_(shared),
      streams_(streams),
      pending_(pending),
      acknowledger_(acknowledger),
      barriers_(barriers),
      copies_(copies),
      suspects_(suspects),
      lookups_(lookups) {}

void Intake::on_batch(input::StreamBatch&& input) {
  Stream& stream = streams_.at(input.stream);
  const bool has_events = streams_.on_batch(stream, input.batch);
  StreamPosition after = position_behind(stream, input.batch.post_batch_token);
  if (!has_events) {
    if (stream.last_batch_empty && !lookups_.empty())
      lookups_.caught_up(stream.index, stream.surely_at_end());
    streams_.on_idle(stream, std::move(after));
    return;
  }
  BatchRecord& batch =
      stream.ledger.begin_batch(std::move(input.batch.storage), input.batch.bytes, shared_.now);
  stream.undecoded.emplace(Undecoded{&batch, behind_skipped(stream, input.batch.events), std::move(after)});
  if (!stream.held_up()) decode(stream);
}

void Intake::on_spool_batch(input::SpoolBatch&& input) {
  Stream& stream = streams_.at(input.stream);
  if (!streams_.on_spool_batch(stream, input)) return;
  BatchRecord& batch =
      stream.ledger.begin_batch(std::move(input.batch.storage), input.batch.bytes, shared_.now);
  batch.spool_sequence = input.sequence;
  stream.undecoded.emplace(
      Undecoded{&batch, behind_skipped(stream, input.batch.events), std::move(input.after)});
  if (!stream.held_up()) decode(stream);
}

// All of it or nothing: were a part of what comes again applied and a later part left out, the older would
// stay.
ElementCursor Intake::behind_skipped(Stream& stream, DocumentView events) const {
  const ResumeToken until = std::exchange(stream.skip_until, {});
  ElementCursor cursor(events);
  while (!until.empty() && cursor.next()) {
    if (cursor.value().type != BsonType::document) break;
    const ValueView token = find_value(cursor.value().as_document(), "_id");
    if (token.type == BsonType::document && token.as_document() == until.view()) return cursor;
  }
  return ElementCursor(events);
}

void Intake::pump() {
  for (Stream& stream : streams_.all()) {
    if (stream.undecoded && !stream.held_up()) decode(stream);
  }
}

void Intake::decode(Stream& stream) {
  BatchRecord& batch = *stream.undecoded->batch;
  ElementCursor& cursor = stream.undecoded->cursor;
  Event event;
  while (cursor.next()) {
    prefetch_ahead(cursor);
    if (cursor.value().type != BsonType::document || !decode_event(cursor.value().as_document(), event)) {
      fail_malformed(stream);
      return;
    }
    if (!take(stream, batch, event)) return;
  }
  if (cursor.malformed()) {
    fail_malformed(stream);
    return;
  }
  StreamPosition after = std::move(stream.undecoded->after);
  const bool spooled = batch.spool_sequence != 0;
  if (!spooled && (stream.invalidated || !after.known())) after = Ledger::position_behind_last(batch);
  stream.undecoded.reset();
  if (!spooled) streams_.on_batch_size(stream, size_of(batch));
  const StreamPosition behind = after;
  stream.ledger.end_batch(batch, std::move(after));
  acknowledger_.touch(stream.ledger);
  if (spooled) {
    stream.invalidated = false;  // its cursor was opened again when the batch was read
  } else {
    streams_.on_batch_decoded(stream, behind);
  }
}

// What was understood stays; the stream is opened again behind it.
void Intake::fail_malformed(Stream& stream) {
  BatchRecord& batch = *stream.undecoded->batch;
  if (batch.spool_sequence != 0) {
    Error damaged;
    damaged.code = kErrorProtocol;
    damaged.message = "it holds a change event that cannot be understood";
    streams_.on_spool_failed({{stream.index}, damaged});
    return;
  }
  StreamPosition behind = Ledger::position_behind_last(batch);
  stream.undecoded.reset();
  stream.ledger.end_batch(batch, behind);
  acknowledger_.touch(stream.ledger);
  streams_.on_malformed(stream, std::move(behind));
}

bool Intake::take(Stream& stream, BatchRecord& batch, const Event& event) {
  stream.events_read += 1;
  shared_.counters.events_read += 1;
  if (event.wall_ms != 0) stream.newest_wall_ms = event.wall_ms;
  const EventRef ref = stream.ledger.add_event(batch, event);
  if (event.kind != EventKind::other) known_kinds_[static_cast<size_t>(event.kind)] += 1;
  switch (event.kind) {
    case EventKind::insert:
    case EventKind::update:
    case EventKind::replace:
    case EventKind::remove:
      take_document(stream, ref, event);
      return true;
    case EventKind::drop:
    case EventKind::rename:
    case EventKind::drop_database:
    case EventKind::create:
    case EventKind::drop_indexes:
    case EventKind::modify:
      return !barriers_.begin(stream, ref, event) || planted(PlantedBug::coalescing_across_barrier);
    case EventKind::invalidate:
      stream.invalidated = true;
      acknowledger_.acknowledge(ref, Done::skipped);
      return true;
    case EventKind::create_indexes:
      take_new_indexes(ref, event);
      return true;
    case EventKind::other:
      take_unknown(ref, event);
      return true;
  }
  return true;
}

void Intake::take_document(Stream& stream, EventRef ref, const Event& event) {
  NamespaceQueue& ns = queue_of(stream, event);
  // An update without its document was looked up after the document was deleted: the delete follows.
  const bool gone = event.kind != EventKind::remove && event.document.empty();
  const bool maybe_sent = (stream.replaying && stream.ledger.window().maybe_sent_before(ref.number())) ||
                          shared_.now < stream.copied_late_until;
  if (ns.in_scope && maybe_sent && !planted(PlantedBug::replayed_forgotten)) suspects_.add(ns, event.id);
  if (!ns.in_scope || gone) {
    if (ns.in_scope) lookups_.missed(ns, event.id);
    acknowledger_.acknowledge(ref, Done::skipped);
    return;
  }
  if (!lookups_.empty()) lookups_.resolved(ns, event.id);
  Operation operation;
  operation.kind = write_kind(event.kind);
  operation.id = event.id;
  if (event.kind != EventKind::remove) {
    operation.document = event.document;
    operation.remove_first = event.document_has_other_id;
  }
  operation.newest = operation.oldest = ref;
  if (!suspects_.empty()) suspects_.touch(ns, event.id);
  pending_.add(ns, operation);
}

// No barrier: a build may take hours. The step that it becomes is in the same checkpoint as the watermark
// that passes the event.
void Intake::take_new_indexes(EventRef ref, const Event& event) {
  const Stream* stream = streams_.find(event.database, event.collection);
  const bool wanted = shared_.options.carry_indexes && stream != nullptr &&
                      shared_.options.filter.contains(event.database, event.collection);
  if (wanted)
    copies_.build_indexes(stream->index, {std::string(event.database), std::string(event.collection)},
                          uuid_text(event.collection_uuid));
  acknowledger_.acknowledge(ref, wanted ? Done::applied : Done::skipped);
}

void Intake::take_unknown(EventRef ref, const Event& event) {
  const std::string kind(event.kind_name);
  if (++other_kinds_[kind] == 1) {
    shared_.notice(
        output::Level::warning,
        fmt::format("events of kind '{}' are not carried to the target; they are counted in the status, "
                    "this is said once",
                    kind));
  }
  acknowledger_.acknowledge(ref, Done::skipped);
}

NamespaceQueue& Intake::queue_of(Stream& stream, const Event& event) {
  NamespaceQueue* last = stream.last_ns;
  if (last != nullptr && last->ns.collection == event.collection && last->ns.database == event.database)
    return *last;
  NamespaceQueue& ns = pending_.queue(event.database, event.collection);
  stream.last_ns = &ns;
  return ns;
}

std::map<std::string, uint64_t> Intake::events_by_kind() const {
  std::map<std::string, uint64_t> counts = other_kinds_;
  for (size_t kind = 0; kind < known_kinds_.size(); ++kind) {
    if (known_kinds_[kind] > 0) counts[kKindNames[kind]] += known_kinds_[kind];
  }
  return counts;
}

}  // namespace ddsync
