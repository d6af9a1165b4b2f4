#include "engine/ledger.h"

#include <cstring>
#include <iterator>
#include <utility>

#include "bson/extended_json.h"

namespace ddsync {
namespace {

// What an event costs beside its bytes: slot, key entry, place in the key table.
constexpr uint64_t kEventOverheadBytes = 320;
// What a batch costs beside its bytes and events, also when it is finished: its record and token.
constexpr uint64_t kBatchOverheadBytes = 384;

StreamPosition position_behind(const BatchRecord& batch, uint32_t index) {
  const EventSlot& slot = batch.slots[index];
  const ValueView token = find_value(batch.event(index), "_id");
  if (batch.ledger->holds() == Ledger::Holds::copies)
    return {PositionKind::resume_after, ResumeToken(wrap_value("_id", token).view()), 0};
  return {slot.kind == EventKind::invalidate ? PositionKind::start_after : PositionKind::resume_after,
          ResumeToken(token.as_document()), 0};
}

}  // namespace

DocumentView BatchRecord::event(uint32_t index) const {
  const uint8_t* start = slots[index].event;
  uint32_t size = 0;
  std::memcpy(&size, start, sizeof size);
  return {start, size};
}

BatchRecord& Ledger::begin_batch(std::unique_ptr<BatchStorage> storage, uint64_t bytes, Instant received) {
  BatchRecord& batch = batches_.emplace_back();
  batch.ledger = this;
  batch.place = std::prev(batches_.end());
  batch.storage = std::move(storage);
  batch.bytes = bytes + kBatchOverheadBytes;
  batch.received = received;
  bytes_ += batch.bytes;
  return batch;
}

EventRef Ledger::add_event(BatchRecord& batch, const Event& event) {
  if (batch.slots.empty()) batch.first_number = added_;
  added_ += 1;
  batch.slots.push_back({event.whole.data, {}, false, event.kind});
  batch.unacknowledged += 1;
  batch.bytes += kEventOverheadBytes;
  bytes_ += kEventOverheadBytes;
  waiting_ += 1;
  return {&batch, static_cast<uint32_t>(batch.slots.size() - 1)};
}

void Ledger::end_batch(BatchRecord& batch, StreamPosition after) {
  batch.after = std::move(after);
  batch.complete = true;
  if (batch.unacknowledged == 0) finish(batch);
}

bool Ledger::idle_position(StreamPosition position) {
  StreamPosition& last = batches_.empty() ? base_ : batches_.back().after;
  if (last == position) return false;
  last = std::move(position);
  return true;
}

void Ledger::acknowledge(EventRef event) {
  EventSlot& slot = event.batch->slots[event.index];
  if (slot.acknowledged) return;
  slot.acknowledged = true;
  waiting_ -= 1;
  event.batch->unacknowledged -= 1;
  if (event.batch->unacknowledged == 0 && event.batch->complete) finish(*event.batch);
}

uint64_t Ledger::advance() {
  uint64_t passed = 0;
  while (!batches_.empty()) {
    BatchRecord& front = batches_.front();
    const bool finished = front.complete && front.unacknowledged == 0;
    if (!finished) {
      while (next_index_ < front.slots.size() && front.slots[next_index_].acknowledged) {
        ++next_index_;
        ++passed;
      }
      break;
    }
    passed += front.finished - next_index_;
    if (front.after.known()) base_ = std::move(front.after);
    if (front.spool_sequence != 0) {
      spool_next_ = front.spool_sequence + 1;
      spool_next_at_ = passed_ + passed;
    }
    next_index_ = 0;
    bytes_ -= front.bytes;
    batches_.pop_front();
  }
  passed_ += passed;
  return passed;
}

StreamPosition Ledger::position() const {
  if (next_index_ == 0) return base_;
  return position_behind(batches_.front(), static_cast<uint32_t>(next_index_ - 1));
}

StreamPosition Ledger::position_behind_last(const BatchRecord& batch) {
  if (batch.slots.empty()) return {};
  return position_behind(batch, static_cast<uint32_t>(batch.slots.size() - 1));
}

int64_t Ledger::waiting_wall_ms() const {
  if (batches_.empty()) return 0;
  const BatchRecord& front = batches_.front();
  if (next_index_ >= front.slots.size() || front.slots[next_index_].acknowledged) return 0;
  Event event;
  return decode_event(front.event(static_cast<uint32_t>(next_index_)), event) ? event.wall_ms : 0;
}

// Behind an event that is stuck, finished batches would pile up: neighbours become one, but for those of the
// spool and others: where an entry ends is to be known.
void Ledger::finish(BatchRecord& batch) {
  bytes_ -= batch.bytes - kBatchOverheadBytes;
  batch.bytes = kBatchOverheadBytes;
  batch.storage.reset();
  batch.finished = batch.slots.size();
  batch.slots = {};
  const auto is_finished = [&batch](const BatchRecord& other) {
    const bool alike = (other.spool_sequence == 0) == (batch.spool_sequence == 0);
    return alike && other.complete && other.unacknowledged == 0;
  };
  if (const auto next = std::next(batch.place); next != batches_.end() && is_finished(*next))
    merge(batch, *next);
  if (batch.place != batches_.begin() && is_finished(*std::prev(batch.place)))
    merge(*std::prev(batch.place), batch);
}

void Ledger::merge(BatchRecord& into, BatchRecord& next) {
  into.finished += next.finished;
  if (next.after.known()) into.after = std::move(next.after);
  if (next.spool_sequence != 0) into.spool_sequence = next.spool_sequence;
  bytes_ -= next.bytes;
  batches_.erase(next.place);
}

}  // namespace ddsync
