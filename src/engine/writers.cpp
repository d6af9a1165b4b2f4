#include "engine/writers.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/planted_bug.h"

namespace ddsync {
namespace {

// When more than one insert in so many finds its document there already, the next ones go as upserts.
constexpr size_t kDuplicatesOneIn = 10;
constexpr size_t kDuplicatesMin = 3;
constexpr uint64_t kUpsertsInARow = 20'000;

// Throttling: multiplicative decrease, additive increase.
constexpr double kThrottledFactor = 0.5;
constexpr double kRecoveryStep = 25;
constexpr double kOperationsLeast = 8;

// Each writer holds its command twice, for itself and in the driver: together half of what the events may
// hold.
constexpr uint64_t kCommandMemoryOneIn = 4;
constexpr uint64_t kCommandBytesLeast = 256u << 10;

uint64_t command_bytes_max(const EngineOptions& options) {
  const uint64_t share = options.memory_bytes_max / (kCommandMemoryOneIn * std::max(1u, options.writers));
  return std::min(options.batch_bytes_max, std::max(share, kCommandBytesLeast));
}

Error outcome_unknown(std::string what) {
  Error error;
  error.code = kErrorProtocol;
  error.message = std::move(what);
  error.treatment = Treatment::retry;
  error.outcome_unknown = true;
  return error;
}

}  // namespace

Writers::Writers(Shared& shared, PendingOperations& pending, Acknowledger& acknowledger,
                 Checkpoints& checkpoints, Suspects& suspects, Refusals& refusals)
    : shared_(shared),
      pending_(pending),
      acknowledger_(acknowledger),
      checkpoints_(checkpoints),
      suspects_(suspects),
      refusals_(refusals),
      writers_(shared.options.writers),
      operations_max_(shared.options.batch_operations_max) {
  for (uint32_t i = shared.options.writers; i-- > 0;) free_.push_back(i);
}

BatchLimits Writers::limits() const {
  const uint32_t most = std::min(shared_.options.batch_operations_max, shared_.limits.operations_max);
  const uint64_t bytes = std::min(command_bytes_max(shared_.options), shared_.limits.message_bytes_max);
  return {std::max(1u, std::min(most, static_cast<uint32_t>(operations_max_))), bytes};
}

void Writers::pump() {
  if (shared_.ending) return;
  for (uint32_t i = 0; retrying_ > 0 && i < writers_.size(); ++i) {
    Writer& writer = writers_[i];
    if (writer.state != State::waiting || shared_.now < writer.resume_at) continue;
    retrying_ -= 1;
    if (writer.batch.entries.empty()) {
      set_free(i);
    } else {
      send(i);
    }
  }
  size_t lists_that_wait = 0;
  bool any_waits = false;
  while (!free_.empty() && lists_that_wait < pending_.ready_lists()) {
    TakenBatch batch = pending_.take(limits(), static_cast<uint32_t>(free_.size()));
    if (batch.checkpoint_wanted) checkpoints_.request();
    if (batch.entries.empty()) {
      ++lists_that_wait;
      any_waits = true;
      continue;
    }
    lists_that_wait = 0;
    const uint32_t index = free_.back();
    free_.pop_back();
    writers_[index].batch = std::move(batch);
    writers_[index].attempt = 0;
    writers_[index].unknown = false;
    send(index);
  }
  // Also while other lists keep all writers busy.
  if ((any_waits || !free_.empty()) && pending_.want_first_of_all()) checkpoints_.request();
}

void Writers::send(uint32_t index) {
  Writer& writer = writers_[index];
  writer.state = State::busy;
  writer.batch_id = next_batch_id();
  writer.attempt += 1;
  writer.sent_at = shared_.now;
  busy_ += 1;

  WriteBatch write;
  write.writer = {index};
  write.id = writer.batch_id;
  write.kind = writer.batch.kind;
  write.ns = writer.batch.ns->ns;
  write.attempt = writer.attempt;
  write.operations.reserve(writer.batch.entries.size());
  for (const KeyEntry* entry : writer.batch.entries) {
    const Operation& operation = entry->flight;
    const bool removes = write.kind == WriteKind::remove;
    write.operations.push_back({operation.id, removes ? DocumentView{} : operation.document});
    write.bytes += operation.id.size + write.operations.back().document.size;
  }
  shared_.counters.write_batches += 1;
  if (writer.attempt > 1) shared_.counters.write_retries += 1;
  shared_.emit(std::move(write));
}

void Writers::on_finished(input::WriteFinished&& finished) {
  const uint32_t index = finished.writer.value;
  Writer& writer = writers_[index];
  if (writer.state != State::busy || writer.batch_id != finished.id) return;
  busy_ -= 1;
  WriteOutcome& outcome = finished.outcome;
  const auto& errors = outcome.operation_errors;
  if (!outcome.failed && !errors.empty() && errors.back().index >= writer.batch.entries.size()) {
    outcome.failed = true;
    outcome.error = outcome_unknown("the target reported an error for an operation that was not sent");
  }
  if (outcome.failed) {
    on_command_failed(index, outcome.error);
    return;
  }
  const TakenBatch batch = std::exchange(writer.batch, TakenBatch{writer.batch.ns, writer.batch.kind, {}, 0});
  const Error* pause_for = settle(batch, errors);
  if (pause_for != nullptr) {
    wait(index, *pause_for);
    return;
  }
  last_error_.clear();
  writer.unknown = false;
  operations_max_ = std::min<double>(shared_.options.batch_operations_max, operations_max_ + kRecoveryStep);
  send_rest(index);
}

const Error* Writers::settle(const TakenBatch& batch, const std::vector<OperationError>& errors) {
  const Error* pause_for = nullptr;
  size_t duplicates = 0;
  auto error = errors.begin();
  for (uint32_t i = 0; i < batch.entries.size(); ++i) {
    KeyEntry& entry = *batch.entries[i];
    if (error != errors.end() && error->index == i) {
      if (error->error.treatment == Treatment::duplicate_id) ++duplicates;
      if (settle_refused(entry, error->error)) pause_for = &error->error;
      ++error;
      continue;
    }
    const EventRef done = pending_.acknowledged(entry);
    if (!done.none()) acknowledger_.acknowledge_chain(done, Done::applied);
  }
  if (batch.kind == WriteKind::insert) note_duplicates(*batch.ns, duplicates, batch.entries.size());
  return pause_for;
}

void Writers::send_rest(uint32_t index) {
  Writer& writer = writers_[index];
  writer.attempt = 0;
  if (writer.rest.empty() || shared_.ending) {
    set_free(index);
    return;
  }
  const size_t count = (writer.rest.size() + 1) / 2;
  const auto end = writer.rest.begin() + static_cast<std::ptrdiff_t>(count);
  writer.batch.entries.assign(writer.rest.begin(), end);
  writer.rest.erase(writer.rest.begin(), end);
  send(index);
}

void Writers::set_free(uint32_t index) {
  Writer& writer = writers_[index];
  writer.state = State::free;
  writer.attempt = 0;
  if (!writer.rest.empty() && !shared_.ending) {
    send_rest(index);
    return;
  }
  free_.push_back(index);
}

bool Writers::suspect_unknown() {
  bool any = false;
  for (const Writer& writer : writers_) {
    if (writer.state != State::busy && !writer.unknown) continue;
    for (const KeyEntry* entry : writer.batch.entries) suspects_.add(*entry->ns, entry->flight.id);
    any = any || !writer.batch.entries.empty();
  }
  return any;
}

void Writers::wait(uint32_t index, const Error& error) {
  Writer& writer = writers_[index];
  Duration pause = shared_.backoff(std::max(1u, writer.attempt));
  if (error.retry_after_ms > 0) pause = std::max(pause, Duration::milliseconds(error.retry_after_ms));
  writer.state = State::waiting;
  writer.resume_at = shared_.now + pause;
  retrying_ += 1;
}

void Writers::on_command_failed(uint32_t index, const Error& error) {
  Writer& writer = writers_[index];
  shared_.counters.errors += 1;
  last_error_ = describe(error);
  writer.unknown = writer.unknown || error.outcome_unknown;
  if (error.outcome_unknown && !shared_.limits.refuses_late_writes &&
      !planted(PlantedBug::unknown_outcome_forgotten)) {
    for (const KeyEntry* entry : writer.batch.entries) suspects_.add(*entry->ns, entry->flight.id);
  }
  switch (error.treatment) {
    case Treatment::fatal:
      writer.state = State::waiting;
      writer.resume_at = shared_.now;
      retrying_ += 1;
      shared_.end(
          output::StopReason::access_denied,
          fmt::format("the target refuses writes to {}: {}", writer.batch.ns->ns.name(), describe(error)));
      return;
    case Treatment::split:
    case Treatment::permanent:
    case Treatment::duplicate_id:
    case Treatment::duplicate_other:
      split(index, error);
      return;
    case Treatment::throttled:
      slow_down();
      break;
    default:
      break;
  }
  if (writer.attempt == 1 || writer.attempt % 20 == 0) {
    shared_.notice(output::Level::warning,
                   fmt::format("a write to {} failed (try {}): {}; it is tried again until it succeeds",
                               writer.batch.ns->ns.name(), writer.attempt, describe(error)));
  }
  wait(index, error);
}

// The whole command was refused because of one document: halve until it stands alone.
void Writers::split(uint32_t index, const Error& error) {
  Writer& writer = writers_[index];
  auto& entries = writer.batch.entries;
  if (entries.size() > 1) {
    const auto middle = entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2);
    writer.rest.insert(writer.rest.begin(), middle, entries.end());
    entries.erase(middle, entries.end());
    send(index);
    return;
  }
  KeyEntry& entry = *entries.front();
  entries.clear();
  Error alone = error;
  if (alone.treatment == Treatment::split) alone.treatment = Treatment::permanent;
  if (settle_refused(entry, alone)) {
    wait(index, alone);
  } else {
    send_rest(index);
  }
}

bool Writers::settle_refused(KeyEntry& entry, const Error& error) {
  const WriteKind kind = entry.flight.kind;
  if (error.outcome_unknown && !shared_.limits.refuses_late_writes) suspects_.add(*entry.ns, entry.flight.id);
  switch (error.treatment) {
    case Treatment::duplicate_id:  // an upsert can meet it too, when two of them race
      pending_.send_again(entry, WriteKind::replace);
      return kind != WriteKind::insert;
    case Treatment::duplicate_other:
      refusals_.remember(entry, error);
      pending_.set_aside(entry);
      return false;
    case Treatment::missing:
      if (entry.flight.kind_to_send() == WriteKind::remove) {
        const EventRef done = pending_.acknowledged(entry);
        if (!done.none()) acknowledger_.acknowledge_chain(done, Done::applied);
        return false;
      }
      break;
    case Treatment::split:
    case Treatment::permanent:
      shared_.counters.errors += 1;
      last_error_ = describe(error);
      refusals_.refuse(entry, error);
      return false;
    case Treatment::fatal:
      last_error_ = describe(error);
      pending_.send_again(entry, kind);
      shared_.end(output::StopReason::access_denied,
                  fmt::format("the target refuses writes to {}: {}", entry.ns->ns.name(), describe(error)));
      return false;
    case Treatment::throttled:
      slow_down();
      break;
    default:
      break;
  }
  shared_.counters.errors += 1;
  shared_.counters.write_retries += 1;
  last_error_ = describe(error);
  pending_.send_again(entry, kind);
  return true;
}

void Writers::note_duplicates(NamespaceQueue& ns, size_t duplicates, size_t operations) {
  if (duplicates >= kDuplicatesMin && duplicates * kDuplicatesOneIn > operations)
    ns.upserts_left = kUpsertsInARow;
}

void Writers::slow_down() {
  operations_max_ = std::max(kOperationsLeast, operations_max_ * kThrottledFactor);
}

std::optional<WriterId> Writers::borrow() {
  if (free_.empty()) return std::nullopt;
  const uint32_t index = free_.back();
  free_.pop_back();
  writers_[index].state = State::busy;
  writers_[index].sent_at = {};
  writers_[index].batch_id = {};
  busy_ += 1;
  return WriterId{index};
}

void Writers::release(WriterId writer) {
  busy_ -= 1;
  set_free(writer.value);
}

Instant Writers::next_wake() const {
  Instant next;
  for (const Writer& writer : writers_) {
    if (writer.state != State::waiting) continue;
    if (next == Instant{} || writer.resume_at < next) next = writer.resume_at;
  }
  return next;
}

Instant Writers::unanswered_since() const {
  Instant oldest;
  for (const Writer& writer : writers_) {
    const bool sent = writer.state == State::busy && writer.sent_at != Instant{};
    if (sent && (oldest == Instant{} || writer.sent_at < oldest)) oldest = writer.sent_at;
  }
  return oldest;
}

}  // namespace ddsync
