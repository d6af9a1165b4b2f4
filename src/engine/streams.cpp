#include "engine/streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "bson/extended_json.h"
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

StreamPosition durable_position(const Checkpoint& checkpoint, const std::string& name,
                                std::string& gap_reason) {
  for (const StreamCheckpoint& stream : checkpoint.streams) {
    if (stream.scope != name) continue;
    gap_reason = stream.gap_reason;
    return stream.position;
  }
  return {};
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

Streams::Streams(Shared& shared, Checkpoints& checkpoints) : shared_(shared), checkpoints_(checkpoints) {
  for (const WatchScope& scope : shared.options.streams) {
    Stream& stream = streams_.emplace_back(static_cast<uint32_t>(streams_.size()), scope);
    StreamPosition position = durable_position(shared.options.resume_from, scope.name(), stream.gap_reason);
    stream.start_durable = position.known();
    stream.replaying = position.known() && !shared.options.resume_from.clean_end;
    stream.read_position = position;
    stream.ledger.start_at(std::move(position));
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

void Streams::on_batch(Stream& stream, const RawBatch& batch) {
  answered(stream);
  if (shared_.now - stream.last_answer >= kStreamPause) stream.keeps_up_since = shared_.now;
  stream.last_answer = shared_.now;
  stream.last_batch_empty = batch.events.size <= 5;  // an empty BSON array
  if (stream.last_batch_empty) {
    stream.empty_batches += 1;
  } else {
    stream.last_event = shared_.now;
  }
  if (stream.replaying) note_replay(stream);
}

void Streams::on_batch_size(Stream& stream, uint64_t events, uint64_t bytes, uint64_t largest) {
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
  if (!position.known() || !stream.ledger.idle_position(position)) return;
  stream.read_position = std::move(position);
  checkpoints_.moved();
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
  stream.opened = false;  // the server has closed the cursor
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
  if (error.treatment == Treatment::history_lost || error.treatment == Treatment::event_too_large) {
    enter_gap(stream, error);
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

void Streams::enter_gap(Stream& stream, const Error& error) {
  stream.state = StreamState::gap;
  stream.gap_reason = gap_reason(error);
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

void Streams::pump_one(Stream& stream, uint64_t held_bytes, bool may_read) {
  if (stream.asked || stream.is_gap() || stream.state == StreamState::closed) return;
  if (!stream.opened) {
    if (shared_.now >= stream.reopen_at) open(stream);
    return;
  }
  if (stream.state == StreamState::securing_start) {
    if (!checkpoints_.durable(stream.start_generation)) return;
    stream.start_durable = true;
    start_reading(stream);
  }
  if (stream.barrier || stream.undecoded || stream.frozen) {
    stream.state = StreamState::barrier;
    return;
  }
  stream.full = false;
  const uint64_t full = shared_.options.memory_bytes_max * kFullNumerator / kFullDenominator;
  if (!may_read || (held_bytes >= full && !stream.ledger.all_acknowledged())) {
    stream.full = may_read;
    stream.state = StreamState::paused;
    return;
  }
  stream.state = StreamState::live;
  read(stream, held_bytes);
}

// Reads under way count as what they may bring, but for one event each: every stream must be able to wait for
// its next event, however many there are. So what is held stays below the limit and one event of each stream.
void Streams::read(Stream& stream, uint64_t held_bytes) {
  const uint64_t events = std::clamp<uint64_t>(events_to_ask(stream, held_bytes), 1, kBatchEventsMax);
  stream.asked = true;
  stream.asked_events = static_cast<uint32_t>(events);
  stream.reserved_bytes = (events - 1) * stream.expected_event_bytes;
  reserved_bytes_ += stream.reserved_bytes;
  shared_.emit(output::ReadStream{{stream.index}, stream.asked_events});
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
  for (const Stream& stream : streams_) {
    if (stream.asked || stream.opened || stream.is_gap() || stream.state == StreamState::closed) continue;
    if (next == Instant{} || stream.reopen_at < next) next = stream.reopen_at;
  }
  return next;
}

void Streams::fill(Checkpoint& checkpoint) const {
  checkpoint.streams.reserve(streams_.size());
  for (const Stream& stream : streams_) {
    const bool early = planted(PlantedBug::checkpoint_before_acknowledgement);
    checkpoint.streams.push_back(
        {stream.scope.name(), early ? stream.read_position : stream.ledger.position(), stream.gap_reason});
  }
}

}  // namespace ddsync
