#include "engine/streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "bson/extended_json.h"
#include "engine/planted_bug.h"

namespace ddsync {
namespace {

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

StreamState state_after(const Error& error) {
  if (error.code == kErrorLocalDisk) return StreamState::paused;  // the disk of the spool, not the source
  return error.treatment == Treatment::missing ? StreamState::waiting : StreamState::reconnecting;
}

}  // namespace

Streams::Streams(Shared& shared, Checkpoints& checkpoints)
    : shared_(shared), checkpoints_(checkpoints), spools_(shared) {
  for (const WatchScope& scope : shared.options.streams) {
    Stream& stream = streams_.emplace_back(static_cast<uint32_t>(streams_.size()), scope);
    StreamCheckpoint durable = shared.options.resume_from.stream(scope.name());
    stream.gap_reason = durable.gap_reason;
    stream.copy = durable.copy;
    // Of a stream that was still copied nothing has been sent, unless an older position is copied again; what
    // it had sent before a collection was added to it, `late_copies` stands for.
    const bool was_copied = durable.copy == StreamCopy::planning || durable.copy == StreamCopy::copying;
    const bool may_be_sent = !was_copied || shared.options.copy.mode == CopyMode::always;
    stream.late_copies =
        durable.late_copies || (durable.copy != StreamCopy::none && !shared.options.resume_from.clean_end);
    stream.read_position = durable.position;
    if (!spools_.resume(stream, durable)) stream.spool_missing = durable.spool_end;
    stream.start_durable = durable.position.known() || !stream.spool.drained();
    stream.replaying = stream.start_durable && may_be_sent && !shared.options.resume_from.clean_end;
    if (!stream.spool.drained()) stream.skip_until = durable.position.token;
    stream.ledger.window().open(shared.options.sent_ahead_max,
                                stream.replaying ? durable.may_be_sent : std::optional<uint64_t>(0));
    stream.durable.position = durable.position;
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
  for (Stream& stream : streams_)  // of all, before a start is refused: the last checkpoint tells of it
    if (stream.late_copies) stream.copied_late_until = shared_.now + shared_.options.late_write_max;
  for (Stream& stream : streams_) {
    if (stream.spool_missing > 0) {
      shared_.end(
          output::StopReason::local_disk,
          fmt::format("the spool lacks changes of {} that are not applied yet: restore its folder (it was "
                      "deleted, moved or switched off), or --reset and copy the data anew",
                      stream.scope.name()));
      return;
    }
    if (stream.spool_not_named) {
      shared_.notice(
          output::Level::warning,
          fmt::format("{}: the spool holds changes that the state does not know of (killed just when that "
                      "began, a stream that begins anew, or another state): they are not applied, the source "
                      "is read from the saved position",
                      stream.scope.name()));
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
  stream.asked_at = shared_.now;
  stream.opened = false;
  shared_.emit(output::OpenStream{{stream.index}, stream.read_position});
}

void Streams::on_opened(const input::StreamOpened& opened) {
  Stream& stream = at(opened.stream);
  stream.asked = false;
  stream.opened = true;
  stream.last_event = stream.keeps_up_since = shared_.now;
  if (stream.failures == 0) stream.last_answer = shared_.now;  // else no read was answered since
  if (!opened.expanded && !std::exchange(not_expanded_said_, true)) {
    shared_.notice(output::Level::info,
                   "the source tells nothing of collections and indexes that are created or changed (MongoDB "
                   "6.0 and later do): make such changes on the target, too");
  }
  if (stream.start_durable) {
    if (!stream.read_position.known()) say_started_from_now(stream);
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
  stream.ledger.start_at(opened.start, stream.spool.next_read);
  stream.state = StreamState::securing_start;
  if (planted(PlantedBug::no_durable_start_position)) {
    stream.start_durable = true;
    start_reading(stream);
    return;
  }
  stream.start_generation = checkpoints_.request();
}

// Its first change has not come yet, so there is no position to go on from.
void Streams::say_started_from_now(const Stream& stream) {
  shared_.notice(
      output::Level::error,
      fmt::format("{}: the source had given no position yet, it is read from now on: changes made since it "
                  "answered last are lost; compare its collections with the source, or copy them anew",
                  stream.scope.name()));
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
  if (lost && stream.memory_end.known()) {
    stay_in_memory(stream, error);
  } else if (lost && !stream.spool_applied()) {
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
    if (error.code == kErrorLocalDisk) {
      shared_.end(output::StopReason::local_disk, fmt::format("the spool cannot take the changes of {}: {}",
                                                              stream.scope.name(), describe(error)));
    } else {
      shared_.end(output::StopReason::access_denied,
                  fmt::format("the source refuses the change stream of {}: {}", stream.scope.name(),
                              describe(error)));
    }
  } else {
    reopen_later(stream, error);
  }
}

// The spool cannot begin at the durable position any more, but nothing is lost: what came behind it is in
// memory.
void Streams::stay_in_memory(Stream& stream, const Error& error) {
  stream.forgotten = stream.read_position;
  shared_.counters.errors += 1;
  shared_.notice(
      output::Level::warning,
      fmt::format(
          "{}: the changes in memory cannot go to the spool, the source no longer has them: {}; they are "
          "applied as soon as the target takes them, and must not be lost before",
          stream.scope.name(), describe(error)));
  give_up_spool(stream);
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
  stream.state = state_after(error);
  stream.detail = describe(error);
  const Duration took = shared_.now - stream.asked_at;
  if (was_too_much(error, took)) stream.events_at_once.too_much(stream.asked_events);
  stream.reopen_at = shared_.now + shared_.backoff(stream.failures, took);
  shared_.counters.stream_reopens += 1;
  if (error.treatment != Treatment::cursor_lost) shared_.counters.errors += 1;
  if (Shared::is_said(stream.failures)) {
    shared_.notice(output::Level::warning,
                   fmt::format("stream {} failed (try {}): {}; it is opened again from its "
                               "last position",
                               stream.scope.name(), stream.failures, describe(error)));
  }
}

void Streams::on_durable(const std::vector<uint64_t>& spool_next) {
  for (Stream& stream : streams_) {
    stream.durable = std::move(stream.proposed);
    spools_.trim(stream, spool_next[stream.index]);
    stream.ledger.window().on_durable();
  }
}

std::vector<uint64_t> Streams::spool_next() const {
  std::vector<uint64_t> next;
  next.reserve(streams_.size());
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

bool Streams::any_inherited() const {
  return std::any_of(streams_.begin(), streams_.end(), [](const Stream& stream) {
    return !stream.is_gap() && stream.ledger.window().inherits_behind(stream.ledger.added());
  });
}

bool Streams::all_in_gap() const {
  return std::all_of(streams_.begin(), streams_.end(), [](const Stream& stream) { return stream.is_gap(); });
}

Instant Streams::next_wake() const {
  Instant next;
  const auto consider = [&next](Instant wish) { next = sooner(next, wish); };
  for (const Stream& stream : streams_) {
    consider(spools_.next_wake(stream));
    const bool done =
        stream.is_gap() || stream.state == StreamState::closed || !stream.gap_behind_spool.empty();
    if (!stream.asked && !stream.opened && !done) consider(stream.reopen_at);
  }
  return next;
}

// Behind how many events the next process begins at the earliest, if it begins with the checkpoint that is
// built now: a spool that does not exist yet, and is there when this process is killed, begins where the last
// durable one stands.
uint64_t Streams::restart_of(const Stream& stream) const {
  if (!spools_.enabled()) return stream.ledger.passed();
  const bool has_begun = stream.spool.in_use() || stream.rewound;
  return has_begun ? stream.ledger.spool_next_at() : stream.durable.passed;
}

void Streams::fill(Checkpoint& checkpoint) {
  checkpoint.streams.reserve(streams_.size());
  for (Stream& stream : streams_) {
    const bool early = planted(PlantedBug::checkpoint_before_acknowledgement);
    stream.proposed = {early ? stream.read_position : stream.ledger.position(), stream.ledger.passed()};
    // A collection that was renamed into scope is copied, too.
    const bool copies_anew = stream.barrier && stream.barrier->copy_anew;
    checkpoint.streams.push_back({stream.scope.name(), stream.proposed.position, stream.gap_reason,
                                  stream.ledger.spool_next(),
                                  std::max(stream.spool.next_write, stream.spool_missing), stream.copy,
                                  stream.ledger.may_be_sent(restart_of(stream)),
                                  copies_anew || shared_.now < stream.copied_late_until});
  }
}

}  // namespace ddsync
