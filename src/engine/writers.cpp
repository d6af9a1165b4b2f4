#include "engine/writers.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ddsync {
namespace {

// Each writer holds its command twice, for itself and in the driver: together half of what the events may
// hold.
constexpr uint64_t kCommandMemoryOneIn = 4;
constexpr uint64_t kCommandBytesLeast = 256u << 10;

uint64_t command_bytes_max(const EngineOptions& options) {
  const uint64_t share = options.memory_bytes_max / (kCommandMemoryOneIn * std::max(1u, options.writers));
  return std::min(options.batch_bytes_max, std::max(share, kCommandBytesLeast));
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
  return {std::max(1u, std::min(most, static_cast<uint32_t>(operations_max_))), bytes,
          shared_.limits.takes_many_parts && !one_part_each_ ? lists_together_.of(most) : 1, shared_.now};
}

void Writers::pump() {
  if (shared_.ending) return;
  for (uint32_t i = 0; retrying_ > 0 && i < writers_.size(); ++i) {
    Writer& writer = writers_[i];
    if (writer.state != State::waiting || shared_.now < writer.resume_at) continue;
    retrying_ -= 1;
    if (writer.entries.empty()) {
      set_free(i);
    } else {
      send(i);
    }
  }
  send_alone();
  std::erase_if(held_, [this](const NamespaceQueue* ns) { return ns->not_before <= shared_.now; });
  size_t lists_that_wait = 0;
  bool any_waits = false;
  while (!free_.empty() && lists_that_wait < pending_.ready_lists()) {
    TakenBatch batch = pending_.take(limits(), static_cast<uint32_t>(free_.size()));
    if (batch.checkpoint_wanted) checkpoints_.request();
    any_waits = any_waits || batch.lists_that_wait > 0;
    if (batch.entries.empty()) {
      lists_that_wait += batch.lists_that_wait;
      continue;
    }
    lists_that_wait = 0;
    begin(std::move(batch.entries));
  }
  // Also while other lists keep all writers busy.
  if ((any_waits || !free_.empty()) && pending_.want_first_of_all()) checkpoints_.request();
}

void Writers::begin(std::vector<KeyEntry*> entries, std::optional<Alone> alone) {
  const uint32_t index = free_.back();
  free_.pop_back();
  Writer& writer = writers_[index];
  writer.entries = std::move(entries);
  writer.attempt = 0;
  writer.unknown = false;
  writer.failing_since = {};
  writer.alone = alone;
  send(index);
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
  write.attempt = writer.attempt;
  write.operations.reserve(writer.entries.size());
  const KeyEntry* previous = nullptr;
  for (const KeyEntry* entry : writer.entries) {
    const Operation& operation = entry->flight;
    if (previous == nullptr || !same_part(*previous, *entry))
      write.parts.push_back({.kind = operation.kind_to_send(), .ns = entry->ns->ns, .operations = 0});
    previous = entry;
    WritePart& part = write.parts.back();
    part.operations += 1;
    const bool removes = part.kind == WriteKind::remove;
    write.operations.push_back({operation.id, removes ? DocumentView{} : operation.document});
    write.bytes += operation.id.size + write.operations.back().document.size;
  }
  writer.lists = write.parts.size();
  shared_.counters.write_batches += 1;
  if (writer.attempt > 1) shared_.counters.write_retries += 1;
  shared_.emit(std::move(write));
}

void Writers::send_rest(uint32_t index) {
  Writer& writer = writers_[index];
  writer.attempt = 0;
  if (writer.rest.empty() || shared_.ending) {
    set_free(index);
    return;
  }
  const size_t count = std::min<size_t>((writer.rest.size() + 1) / 2, limits().operations_max);
  const auto end = writer.rest.begin() + static_cast<std::ptrdiff_t>(count);
  writer.entries.assign(writer.rest.begin(), end);
  writer.rest.erase(writer.rest.begin(), end);
  pending_.sort_parts(writer.entries);  // one of them may have been put behind the others
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
    for (const KeyEntry* entry : writer.entries) suspects_.add(*entry->ns, entry->flight.id);
    any = any || !writer.entries.empty();
    if (!writer.unknown) continue;
    for (const KeyEntry* entry : writer.rest) suspects_.add(*entry->ns, entry->flight.id);
    any = any || !writer.rest.empty();
  }
  for (const Alone& alone : alone_) suspects_.add(*alone.entry->ns, alone.entry->flight.id);
  return any || !alone_.empty();
}

void Writers::wait(uint32_t index, const Error& error) {
  Writer& writer = writers_[index];
  Duration pause = shared_.backoff(std::max(1u, writer.attempt), took(writer));
  if (error.retry_after_ms > 0) pause = std::max(pause, Duration::milliseconds(error.retry_after_ms));
  writer.state = State::waiting;
  writer.resume_at = shared_.now + pause;
  retrying_ += 1;
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
    next = sooner(next, writer.resume_at);
  }
  if (!free_.empty()) {
    for (const Alone& alone : alone_) next = sooner(next, alone.resume_at);
  }
  for (const NamespaceQueue* ns : held_) next = sooner(next, ns->not_before);
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
