#include "engine/streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "bson/extended_json.h"
#include "engine/batch_position.h"
#include "engine/planted_bug.h"

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

// An event that cannot be understood may be damaged on its way. After so many tries it is the source's.
constexpr uint32_t kMalformedTriesMax = 5;

Error malformed(const Stream& stream) {
  Error error;
  error.code = kErrorProtocol;
  error.treatment = Treatment::retry;
  error.message =
      fmt::format("the source delivered a change event of {} that cannot be understood", stream.scope.name());
  if (stream.malformed_tries >= kMalformedTriesMax)
    error.message += fmt::format(", {} times at the same position", stream.malformed_tries);
  return error;
}

std::string in_words(const StreamPosition& position) {
  if (!position.known()) return "the start";
  if (position.kind == PositionKind::operation_time) return std::to_string(position.operation_time);
  return to_extended_json(position.token.view());
}

StreamCheckpoint durable_state(const Checkpoint& checkpoint, const std::string& name) {
  for (const StreamCheckpoint& stream : checkpoint.streams) {
    if (stream.scope == name) return stream;
  }
  StreamCheckpoint none;
  none.scope = name;
  return none;
}

std::string gap_advice(const std::string& scope) {
  return fmt::format(
      "changes of {} since its stored position are lost to this program. Copy the data anew, or accept the "
      "gap: "
      "start with --accept-gap '{}' to go on from now",
      scope, scope);
}

std::string gap_reason(const Error& error) {
  if (error.treatment != Treatment::event_too_large)
    return "the source no longer knows its position: " + describe(error);
  return "the change behind its position is larger than 16 MB, the source cannot deliver it: " +
         describe(error);
}

}  // namespace

Streams::Streams(Shared& shared, Checkpoints& checkpoints)
    : shared_(shared), checkpoints_(checkpoints), spools_(shared) {
  for (const WatchScope& scope : shared.options.streams) {
    Stream& stream = streams_.emplace_back(static_cast<uint32_t>(streams_.size()), scope);
    StreamCheckpoint durable = durable_state(shared.options.resume_from, scope.name());
    stream.gap_reason = durable.gap_reason;
    stream.copy = durable.copy;
    stream.start_durable = durable.position.known();
    stream.replaying = stream.start_durable && !shared.options.resume_from.clean_end;
    stream.read_position = durable.position;
    stream.spool_missing = !spools_.resume(stream, durable);
    if (!stream.spool.drained()) stream.skip_until = durable.position.token;
    stream.ledger.start_at(std::move(durable.position), stream.spool.next_read);
  }
}

Stream* Streams::find(std::string_view database, std::string_view collection) {
  for (Stream& stream : streams_) {
    if (stream.scope.contains(database, collection)) return &stream;
  }
  return nullptr;
}

void Streams::open_all() {
  for (Stream& stream : streams_) {
    if (stream.spool_missing) {
      shared_.end(
          output::StopReason::local_disk,
          fmt::format("the spool lacks changes of {} that are not applied yet: restore its folder (it was "
                      "deleted, moved or switched off), or --reset and copy the data anew",
                      stream.scope.name()));
      return;
    }
    stream.last_answer = shared_.now;
    if (stream.gap_reason.empty()) {
      open(stream);
      continue;
    }
    stream.state = StreamState::gap;
    stream.detail = stream.gap_reason;
    shared_.notice(output::Level::error, fmt::format("gap in {}: {}; {}", stream.scope.name(),
                                                     stream.gap_reason, gap_advice(stream.scope.name())));
  }
}

void Streams::open(Stream& stream) {
  stream.asked = true;
  stream.opened = false;
  shared_.emit(output::OpenStream{{stream.index}, stream.read_position});
}

void Streams::on_opened(const input::StreamOpened& opened) {
  Stream& stream = at(opened.stream);
  stream.asked = false;
  stream.opened = true;
  stream.last_answer = stream.last_event = stream.keeps_up_since = shared_.now;
  if (stream.start_durable) {
    start_reading(stream);
    return;
  }
  if (stream.read_position.known()) {  // opened again before its start position became durable
    stream.state = StreamState::securing_start;
    return;
  }
  if (!opened.start.known()) {
    shared_.notice(
        output::Level::warning,
        fmt::format("the source gives no start position for {}: changes made between now and its first "
                    "change that is applied are lost if this program is interrupted meanwhile",
                    stream.scope.name()));
  }
  stream.read_position = opened.start;
  stream.ledger.start_at(opened.start);
  stream.state = StreamState::securing_start;
  if (planted(PlantedBug::no_durable_start_position)) {
    stream.start_durable = true;
    start_reading(stream);
    return;
  }
  stream.start_generation = checkpoints_.request();
}

void Streams::start_reading(Stream& stream) {
  stream.state = stream.barrier ? StreamState::barrier : StreamState::live;
  announce_watching();
}

void Streams::announce_watching() {
  if (watching_) return;
  const auto live = [](const Stream& stream) { return stream.start_durable || stream.is_gap(); };
  const auto open_or_gap = [](const Stream& stream) { return stream.opened || stream.is_gap(); };
  if (!std::all_of(streams_.begin(), streams_.end(), live)) return;
  if (!std::all_of(streams_.begin(), streams_.end(), open_or_gap)) return;
  if (all_in_gap()) return;
  watching_ = true;
  shared_.emit(output::Watching{static_cast<uint32_t>(streams_.size())});
}

bool Streams::on_batch(Stream& stream, const RawBatch& batch) {
  answered(stream);
  if (shared_.now - stream.last_answer >= kStreamPause) stream.keeps_up_since = shared_.now;
  stream.last_answer = shared_.now;
  const bool empty = batch.events.size <= 5;  // an empty BSON array
  // Of a stream whose events wait in the spool it does not mean that there are no more.
  stream.last_batch_empty = empty && stream.spool.drained() && !stream.copying;
  if (stream.last_batch_empty) {
    stream.waits_since = {};
    if (!stream.blocked()) stream.rewound = false;
    stream.at_head = shared_.now;
    stream.empty_batches += 1;
  } else if (!empty) {
    stream.last_event = shared_.now;
  }
  if (stream.replaying) note_replay(stream);
  return !empty;
}

void Streams::on_batch_size(Stream& stream, uint64_t events, uint64_t bytes, uint64_t largest) const {
  if (events < stream.asked_events && bytes < kBatchBytesMax) stream.at_head = shared_.now;
  if (events >= stream.asked_events || bytes >= kBatchBytesMax) stream.keeps_up_since = shared_.now;
  if (events == 0) return;
  // Larger ones count at once, smaller ones slowly: the next read may bring as large ones again.
  const uint64_t here = bytes / events + 1;
  stream.expected_event_bytes = std::max(here, (3 * stream.expected_event_bytes + here) / 4);
  stream.largest_event_bytes =
      std::max(largest, stream.largest_event_bytes - stream.largest_event_bytes / 16);
}

// What an earlier process can have sent was at the source before this one began.
void Streams::note_replay(Stream& stream) const {
  if (stream.replaying_since == Instant{}) stream.replaying_since = shared_.now;
  const bool caught_up = stream.last_batch_empty || stream.keeps_up(shared_.now);
  stream.replaying = !caught_up || shared_.now - stream.replaying_since < kReplayLeast;
}

void Streams::on_idle(Stream& stream, StreamPosition position) {
  recovered(stream);
  if (!position.known()) return;
  stream.read_position = position;
  // With events in the spool it is not the position behind what the ledger knows.
  if (stream.spool.drained() && stream.ledger.idle_position(std::move(position))) checkpoints_.moved();
}

void Streams::on_spooled(const input::StreamSpooled& spooled) {
  Stream& stream = at(spooled.stream);
  answered(stream);
  stream.last_answer = stream.last_event = shared_.now;
  stream.last_batch_empty = false;
  recovered(stream);
  spools_.on_spooled(stream, spooled);
  stream.read_position = spooled.after;
  if (spooled.invalidated) server_closed_cursor(stream);
}

bool Streams::on_spool_batch(Stream& stream, const input::SpoolBatch& batch) {
  stream.last_event = shared_.now;
  checkpoints_.moved();  // also when all of it is applied already
  return spools_.on_batch(stream, batch);
}

void Streams::on_spool_failed(const input::SpoolFailed& failed) {
  Stream& stream = at(failed.stream);
  stream.spool.asked = false;
  stream.detail = describe(failed.error);
  shared_.end(output::StopReason::local_disk,
              fmt::format("the spool of {} cannot be read: {}", stream.scope.name(), describe(failed.error)));
}

void Streams::recovered(Stream& stream) {
  if (stream.failures == 0) return;
  stream.failures = 0;
  stream.detail.clear();
  shared_.notice(output::Level::info, fmt::format("stream {} delivers again", stream.scope.name()));
}

void Streams::on_batch_decoded(Stream& stream, StreamPosition after) {
  recovered(stream);
  stream.malformed_tries = 0;
  if (after.known()) stream.read_position = std::move(after);
  if (!stream.invalidated) return;
  stream.invalidated = false;
  server_closed_cursor(stream);
}

// Behind an invalidate.
void Streams::server_closed_cursor(Stream& stream) {
  stream.opened = false;
  shared_.emit(output::CloseStream{{stream.index}});
  if (!shared_.ending) open(stream);
}

void Streams::on_failed(const input::StreamFailed& failed) {
  Stream& stream = at(failed.stream);
  answered(stream);
  fail(stream, failed.error);
}

// What was understood stays; the stream is opened again behind it.
void Streams::on_malformed(Stream& stream, StreamPosition behind) {
  if (behind.known()) {
    stream.malformed_tries = 0;
    stream.read_position = std::move(behind);
  }
  stream.malformed_tries += 1;
  shared_.emit(output::CloseStream{{stream.index}});
  fail(stream, malformed(stream));
  if (stream.malformed_tries < kMalformedTriesMax) return;
  if (stream.malformed_tries != kMalformedTriesMax && stream.malformed_tries % 20 != 0) return;
  shared_.notice(
      output::Level::error,
      fmt::format("the source delivers a change event of {} behind the position {} that cannot be understood "
                  "({} tries); the stream cannot get past it and is tried again: find out what is there, or "
                  "--reset and copy the data anew",
                  stream.scope.name(), in_words(stream.read_position), stream.malformed_tries));
}

void Streams::fail(Stream& stream, const Error& error) {
  stream.opened = false;
  stream.last_batch_empty = false;
  const bool lost =
      error.treatment == Treatment::history_lost || error.treatment == Treatment::event_too_large;
  if (lost && !stream.spool.drained()) {
    stream.gap_behind_spool = gap_reason(error);
    shared_.notice(
        output::Level::error,
        fmt::format("{}: behind what the spool holds there is a gap: {}; the spool is applied first",
                    stream.scope.name(), stream.gap_behind_spool));
  } else if (lost) {
    enter_gap(stream, gap_reason(error));
  } else if (error.treatment == Treatment::fatal) {
    stream.state = StreamState::closed;
    stream.detail = describe(error);
    shared_.end(
        output::StopReason::access_denied,
        fmt::format("the source refuses the change stream of {}: {}", stream.scope.name(), describe(error)));
  } else {
    reopen_later(stream, error);
  }
}

void Streams::enter_gap(Stream& stream, std::string reason) {
  stream.state = StreamState::gap;
  stream.gap_reason = std::move(reason);
  stream.detail = stream.gap_reason;
  shared_.counters.errors += 1;
  checkpoints_.request();
  shared_.notice(output::Level::error, fmt::format("gap in {}: {}; {}", stream.scope.name(),
                                                   stream.gap_reason, gap_advice(stream.scope.name())));
  announce_watching();
}

void Streams::reopen_later(Stream& stream, const Error& error) {
  stream.failures += 1;
  stream.state = error.treatment == Treatment::missing ? StreamState::waiting : StreamState::reconnecting;
  stream.detail = describe(error);
  stream.reopen_at = shared_.now + shared_.backoff(stream.failures);
  shared_.counters.stream_reopens += 1;
  if (error.treatment != Treatment::cursor_lost) shared_.counters.errors += 1;
  if (stream.failures == 1 || stream.failures % 20 == 0) {
    shared_.notice(output::Level::warning,
                   fmt::format("stream {} failed (try {}): {}; it is opened again from its "
                               "last position",
                               stream.scope.name(), stream.failures, describe(error)));
  }
}

void Streams::pump(uint64_t held_bytes, bool may_read) {
  if (shared_.ending) return;
  for (Stream& stream : streams_) pump_one(stream, held_bytes, may_read);
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
  if (may_read) spools_.read_next(stream);
  if (!stream.gap_behind_spool.empty()) {
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
  if (to_spool && stream.spool.drained() && !stream.rewound) {
    rewind(stream);
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

// What the spool holds goes on from the watermark without a hole, so that after a crash nothing is missing
// that was only in memory. So the source is read again from there, or from where the spool ends. What comes
// twice is harmless (invariant 3) but for a schema change under way.
void Streams::rewind(Stream& stream) {
  stream.rewound = true;
  if (planted(PlantedBug::spool_behind_memory)) return;
  // A part of a batch of the spool stays: the spool has it.
  const bool in_part = stream.undecoded && stream.undecoded->batch->spool_sequence == 0;
  if (in_part) {
    BatchRecord& batch = *stream.undecoded->batch;
    stream.undecoded.reset();
    stream.ledger.end_batch(batch, Ledger::position_behind_last(batch));
    stream.invalidated = false;
    checkpoints_.applied(stream.ledger.advance());
  }
  StreamPosition start = stream.spool.in_use() ? stream.spool.after : stream.ledger.position();
  if (!in_part && stream.read_position == start) return;
  stream.skip_until = stream.ledger.end().token;
  stream.read_position = std::move(start);
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
void Streams::note_waiting(Stream& stream, uint64_t held_bytes) {
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
  uint64_t bytes = std::min(room / kOfRoomOneIn, kBatchBytesMax);
  if (stream.last_batch_empty) bytes = std::min(bytes, most / kIdleOneIn / streams_.size());
  // Were all as large as the largest of the last ones, they would still find room.
  const uint64_t events = std::min(bytes / stream.expected_event_bytes, room / stream.largest_event_bytes);
  // Growing by steps: sizes are known only of what came.
  return std::min<uint64_t>(events, 2 * uint64_t{stream.asked_events});
}

void Streams::answered(Stream& stream) {
  stream.asked = false;
  reserved_bytes_ -= std::exchange(stream.reserved_bytes, 0);
}

void Streams::on_durable(const std::vector<uint64_t>& spool_next) {
  for (Stream& stream : streams_) spools_.trim(stream, spool_next[stream.index]);
}

std::vector<uint64_t> Streams::spool_next() const {
  std::vector<uint64_t> next;
  for (const Stream& stream : streams_) next.push_back(stream.ledger.spool_next());
  return next;
}

void Streams::close_all() {
  for (Stream& stream : streams_) {
    if (stream.opened) shared_.emit(output::CloseStream{{stream.index}});
    stream.opened = false;
    if (!stream.is_gap()) stream.state = StreamState::closed;
  }
}

bool Streams::all_in_gap() const {
  return std::all_of(streams_.begin(), streams_.end(), [](const Stream& stream) { return stream.is_gap(); });
}

Instant Streams::next_wake() const {
  Instant next;
  const auto consider = [&next](Instant wish) {
    if (wish != Instant{} && (next == Instant{} || wish < next)) next = wish;
  };
  for (const Stream& stream : streams_) {
    consider(spools_.next_wake(stream));
    const bool done =
        stream.is_gap() || stream.state == StreamState::closed || !stream.gap_behind_spool.empty();
    if (!stream.asked && !stream.opened && !done) consider(stream.reopen_at);
  }
  return next;
}

void Streams::fill(Checkpoint& checkpoint) const {
  checkpoint.streams.reserve(streams_.size());
  for (const Stream& stream : streams_) {
    const bool early = planted(PlantedBug::checkpoint_before_acknowledgement);
    checkpoint.streams.push_back({stream.scope.name(),
                                  early ? stream.read_position : stream.ledger.position(), stream.gap_reason,
                                  stream.ledger.spool_next(), stream.spool.next_write, stream.copy});
  }
}

}  // namespace ddsync
