// The reading side of Streams: what an answer tells, when and how much is read next, and whether it goes to
// the spool.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/planted_bug.h"
#include "engine/streams.h"

namespace ddsync {
namespace {

// Some servers answer empty although there is more (Azure DocumentDB, SERVERS section 4).
constexpr Duration kReplayLeast = Duration::seconds(5);
constexpr uint64_t kBatchBytesMax = 4u << 20;
constexpr uint32_t kBatchEventsMax = 2'000;
// Of the memory limit: above it only streams that hold nothing may read, a small batch each.
constexpr uint64_t kFullNumerator = 3;
constexpr uint64_t kFullDenominator = 4;
// One read may ask for so much of the memory that is left, and all reads of streams that brought nothing the
// last time, which may wait for long, for so much of the limit: they leave room to the busy ones.
constexpr uint64_t kOfRoomOneIn = 4;
constexpr uint64_t kIdleOneIn = 4;
// After a pause the next events may be of any size; all idle streams may get such ones at once.
constexpr uint64_t kAfterPauseEventBytes = 16u << 10;

void note_sizes(Stream& stream, const BatchSize& size) {
  if (size.events == 0) return;
  // Larger ones count at once, smaller ones slowly: the next read may bring as large ones again.
  const uint64_t here = size.bytes / size.events + 1;
  stream.expected_event_bytes = std::max(here, (3 * stream.expected_event_bytes + here) / 4);
  stream.largest_event_bytes =
      std::max(size.largest, stream.largest_event_bytes - stream.largest_event_bytes / 16);
}

}  // namespace

bool Streams::on_batch(Stream& stream, const RawBatch& batch) {
  answered(stream);
  stream.events_at_once.answered(stream.asked_events, kBatchEventsMax);
  stream.heard = true;
  if (shared_.now - stream.last_answer >= kStreamPause) stream.keeps_up_since = shared_.now;
  stream.last_answer = shared_.now;
  stream.answer_asked_at = stream.asked_at;
  const bool empty = !batch.events.has_elements();
  // Of a stream whose events wait in the spool it does not mean that there are no more.
  stream.last_batch_empty = empty && stream.spool.drained() && !stream.copying;
  stream.last_batch_full = false;
  if (stream.last_batch_empty) {
    stream.waits_since = {};
    if (!stream.blocked()) stream.rewound = false;
    stream.at_head = stream.answer_asked_at;
    stream.empty_batches += 1;
  } else if (!empty) {
    stream.last_event = shared_.now;
    stream.rewound = false;  // the spool, where it has not begun yet, would lack this batch
  }
  if (stream.replaying) note_replay(stream);
  return !empty;
}

void Streams::on_batch_size(Stream& stream, const BatchSize& size) const {
  const bool all_that_was_asked = size.events >= stream.asked_events || size.bytes >= kBatchBytesMax;
  if (all_that_was_asked) {
    stream.keeps_up_since = shared_.now;
  } else {
    stream.at_head = stream.answer_asked_at;
  }
  stream.last_batch_full = all_that_was_asked && size.events > 1;
  note_sizes(stream, size);
}

// What an earlier process can have sent was at the source before this one began.
void Streams::note_replay(Stream& stream) const {
  if (stream.replaying_since == Instant{}) stream.replaying_since = shared_.now;
  const bool caught_up = (stream.last_batch_empty && !stream.blocked()) || stream.keeps_up(shared_.now);
  stream.replaying = !caught_up || shared_.now - stream.replaying_since < kReplayLeast;
  if (!stream.replaying) stream.ledger.window().inherited_is_over();
}

void Streams::on_idle(Stream& stream, StreamPosition position) {
  recovered(stream);
  if (!position.known()) return;
  // Nothing came between what the spool holds and this.
  if (stream.spool.in_use() && stream.read_position == stream.spool.after) stream.spool.after = position;
  stream.read_position = position;
  // With events in the spool, or on the way there, it is not the position behind what the ledger knows.
  const bool behind_all = stream.spool.drained() && !stream.memory_end.known();
  if (behind_all && stream.ledger.idle_position(std::move(position))) checkpoints_.moved();
}

void Streams::on_spooled(const input::StreamSpooled& spooled) {
  Stream& stream = at(spooled.stream);
  answered(stream);
  stream.events_at_once.answered(stream.asked_events, kBatchEventsMax);
  stream.last_answer = stream.last_event = shared_.now;
  stream.last_batch_empty = false;
  recovered(stream);
  stream.heard = true;
  // Behind the end of the source as much as without the spool.
  if (spooled.size.events >= stream.asked_events) stream.keeps_up_since = shared_.now;
  note_sizes(stream, spooled.size);
  // A start without the spool must know that it is missing.
  if (!stream.spool.in_use()) stream.spool.named_by = checkpoints_.request();
  spools_.on_spooled(stream, spooled);
  stream.read_position = spooled.after;
  if (spooled.invalidated) server_closed_cursor(stream);
}

bool Streams::on_spool_batch(Stream& stream, const input::SpoolBatch& batch) {
  stream.heard = true;
  stream.last_event = shared_.now;
  checkpoints_.moved();  // also when all of it is applied already
  return spools_.on_batch(stream, batch);
}

void Streams::on_spool_failed(const input::SpoolFailed& failed) {
  Stream& stream = at(failed.stream);
  if (failed.error.treatment == Treatment::retry) {
    spools_.on_read_failed(stream, failed.error);
    return;
  }
  stream.spool.asked = false;
  stream.detail = describe(failed.error);
  shared_.end(output::StopReason::local_disk,
              fmt::format("the spool of {} cannot be read: {}", stream.scope.name(), describe(failed.error)));
}

void Streams::pump(uint64_t held_bytes, bool may_read) {
  if (shared_.ending) return;
  const size_t first = std::exchange(turn_, 0);
  for (size_t i = 0; i < streams_.size(); ++i)
    pump_one(streams_[(first + i) % streams_.size()], held_bytes, may_read);
}

StreamState Streams::state_of(const Stream& stream, bool to_spool) {
  if (stream.copying) return StreamState::copying;
  if (to_spool) return stream.blocked() ? StreamState::spooling : StreamState::catching_up;
  if (stream.full) return StreamState::paused;
  return stream.blocked() ? StreamState::barrier : StreamState::live;
}

void Streams::pump_one(Stream& stream, uint64_t held_bytes, bool may_read) {
  if (stream.is_gap() || stream.state == StreamState::closed) return;
  note_waiting(stream, held_bytes);
  const bool may_take_out = may_read && checkpoints_.durable(stream.spool.named_by);
  if (may_take_out && !spools_.read_next(stream, held_bytes) && turn_ == 0) turn_ = stream.index;
  if (!stream.gap_behind_spool.empty()) {
    stream.state = StreamState::catching_up;
    if (stream.spool.drained() && !stream.undecoded) enter_gap(stream, stream.gap_behind_spool);
    return;
  }
  if (stream.asked) return;
  if (!stream.opened) {
    if (shared_.now >= stream.reopen_at) open(stream);
    return;
  }
  if (!secure_start(stream)) return;
  const bool to_spool = spools_.goes_to_spool(stream);
  if (to_spool && stream.spool.drained() && !stream.rewound && rewind(stream)) return;
  if (!to_spool && stream.memory_end.known()) {
    give_up_spool(stream);
    return;
  }
  stream.state = state_of(stream, to_spool);
  if (!may_read) {  // the disk: what waits at the source may be what a document set aside waits for
    stream.last_batch_empty = false;
    stream.last_event = shared_.now;
  }
  if (!may_read || (to_spool && !spools_.has_room())) {
    stream.state = StreamState::paused;
  } else if (!stream.spool.drained() && !stream.blocked() && stream.spool.nearly_drained()) {
    return;  // the next batch shall come directly: through the spool it would be followed by another one
  } else if (to_spool || !stream.blocked()) {
    read(stream, held_bytes, to_spool);
  }
}

// What the spool holds goes on from the durable position without a hole: after a crash it is all that is read
// again, so whatever came behind that position has to be in it, whether it is applied or only in memory. So
// the source is read again from there, or from where the spool ends. What comes twice is harmless (invariant
// 3) but for a schema change under way. True when the cursor has to be opened again for that.
bool Streams::rewind(Stream& stream) {
  stream.rewound = true;
  if (planted(PlantedBug::spool_behind_memory)) return false;
  // A part of a batch of the spool stays: the spool has it.
  const bool in_part = stream.read_in_part();
  if (in_part) {
    BatchRecord& batch = *stream.undecoded->batch;
    stream.undecoded.reset();
    stream.ledger.end_batch(batch, Ledger::position_behind_last(batch));
    stream.invalidated = false;
    checkpoints_.applied(stream.ledger.advance());
  }
  if (!stream.spool.in_use()) stream.ledger.spool_begins(stream.durable.passed);
  const StreamPosition& start = stream.spool_start();
  if (!in_part && stream.read_position == start) return false;
  if (!stream.memory_end.known()) stream.memory_end = in_part ? stream.ledger.end() : stream.read_position;
  stream.skip_until = stream.ledger.end().token;
  stream.ledger.window().read_again(stream.ledger.added());
  read_from(stream, start);
  return true;
}

// The target can take the changes again before the spool has begun. What comes twice must not be applied
// directly: an old version would be sent while the watermark may pass the newer one, and a restart from
// there would not bring that again.
void Streams::give_up_spool(Stream& stream) {
  stream.rewound = false;
  stream.skip_until = {};
  read_from(stream, std::exchange(stream.memory_end, {}));
}

void Streams::read_from(Stream& stream, StreamPosition position) {
  stream.read_position = std::move(position);
  shared_.emit(output::CloseStream{{stream.index}});
  open(stream);
}

bool Streams::secure_start(Stream& stream) {
  if (stream.state != StreamState::securing_start) return true;
  if (!checkpoints_.durable(stream.start_generation)) return false;
  stream.start_durable = true;
  start_reading(stream);
  return true;
}

// Since when the engine cannot take its events. It counts on while memory is full again and again: the target
// is slower than the source then, and what the source has not yet told grows.
void Streams::note_waiting(Stream& stream, uint64_t held_bytes) const {
  const uint64_t full = shared_.options.memory_bytes_max * kFullNumerator / kFullDenominator;
  stream.full = held_bytes >= full && !stream.ledger.all_acknowledged();
  if (stream.blocked()) {
    if (stream.waits_since == Instant{}) stream.waits_since = shared_.now;
  } else if (held_bytes < full / 2) {
    stream.waits_since = {};
  }
}

// Reads under way count as what they may bring, but for one event each: every stream must be able to wait for
// its next event, however many there are. So what is held stays below the limit and one event of each stream.
void Streams::read(Stream& stream, uint64_t held_bytes, bool to_spool) {
  const uint64_t events = std::clamp<uint64_t>(events_to_ask(stream, held_bytes), 1, kBatchEventsMax);
  stream.asked = true;
  stream.asked_events = static_cast<uint32_t>(events);
  stream.asked_at = shared_.now;
  stream.reserved_bytes = (events - 1) * stream.expected_event_bytes;
  reserved_bytes_ += stream.reserved_bytes;
  output::ReadStream read;
  read.stream = {stream.index};
  read.events_max = stream.asked_events;
  if (to_spool) spools_.direct(stream, read);
  shared_.emit(read);
}

uint64_t Streams::events_to_ask(const Stream& stream, uint64_t held_bytes) const {
  if (stream.expected_event_bytes == 0) return 1;  // nothing is known of its events yet
  const uint64_t most = shared_.options.memory_bytes_max;
  const uint64_t taken = held_bytes + reserved_bytes_;
  const uint64_t room = most > taken ? most - taken : 0;
  const uint64_t bytes = std::min(room / kOfRoomOneIn, kBatchBytesMax);
  // Were all as large as the largest of the last ones, they would still find room.
  uint64_t events = std::min(bytes / stream.expected_event_bytes, room / stream.largest_event_bytes);
  if (stream.last_batch_empty) {
    const uint64_t share = std::min(bytes, most / kIdleOneIn / streams_.size());
    events = std::min(events, share / std::max(stream.expected_event_bytes, kAfterPauseEventBytes));
  }
  // Growing by steps: sizes are known only of what came.
  return stream.events_at_once.of(std::min<uint64_t>(events, 2 * uint64_t{stream.asked_events}));
}

void Streams::answered(Stream& stream) {
  stream.asked = false;
  reserved_bytes_ -= std::exchange(stream.reserved_bytes, 0);
}

}  // namespace ddsync
