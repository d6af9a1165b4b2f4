// What one stream has delivered and the target has not yet acknowledged, in the order of the stream.
// The watermark is the end of the longest prefix of acknowledged events: the only position that may become
// durable (DESIGN invariant 1). Idle post-batch tokens go through the same order as events (invariant 6).
// Thread-safety: none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/batch.h"
#include "engine/event.h"
#include "engine/ids.h"
#include "engine/position.h"
#include "engine/send_window.h"

namespace ddsync {

class Ledger;
struct BatchRecord;

// One event of one batch. Valid until the event is acknowledged.
struct EventRef {
  BatchRecord* batch = nullptr;
  uint32_t index = 0;

  // Its place among all events that its ledger was given.
  uint64_t number() const;
  bool none() const { return batch == nullptr; }
  friend bool operator==(const EventRef&, const EventRef&) = default;
};

struct EventSlot {
  const uint8_t* event = nullptr;  // into the batch's storage
  EventRef covered;                // an older event of the same key that this one's write stands for
  bool acknowledged = false;
  EventKind kind = EventKind::other;
};

struct BatchRecord {
  Ledger* ledger = nullptr;
  std::list<BatchRecord>::iterator place;
  std::unique_ptr<BatchStorage> storage;
  std::vector<EventSlot> slots;
  uint64_t first_number = 0;  // of the event in the first slot
  uint32_t unacknowledged = 0;
  // Of a finished batch, and of finished ones behind it: only their number and `after` are kept.
  uint64_t finished = 0;
  bool complete = false;  // all of its events are in `slots`
  uint64_t bytes = 0;
  Instant received;
  uint64_t spool_sequence = 0;  // of the spool's entry that it is, 0 = it came from the stream
  StreamPosition after;

  DocumentView event(uint32_t index) const;
};

inline uint64_t EventRef::number() const { return batch->first_number + index; }

class Ledger {
 public:
  // Repairs and copied documents are not events of the source. The position behind a copied document is
  // {_id: <its id>}.
  enum class Holds : uint8_t { events, repairs, copies };

  // `name`: of its stream, for dead-letter records.
  explicit Ledger(std::string name, Holds holds = Holds::events) : name_(std::move(name)), holds_(holds) {}
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  const std::string& name() const { return name_; }
  Holds holds() const { return holds_; }

  // The position before the first event.
  void start_at(StreamPosition position, uint64_t spool_next = 1) {
    base_ = std::move(position);
    spool_next_ = spool_next;
  }

  BatchRecord& begin_batch(std::unique_ptr<BatchStorage> storage, uint64_t bytes, Instant received);
  EventRef add_event(BatchRecord& batch, const Event& event);
  // All events of the batch were added; `after` is the position behind them; none leaves the position where
  // it is. A batch that waits for nothing may be gone afterwards.
  void end_batch(BatchRecord& batch, StreamPosition after);
  // The source moved on without an event for us. False when nothing changed.
  bool idle_position(StreamPosition position);

  // The last event of a batch: the batch may be gone afterwards.
  void acknowledge(EventRef event);
  // Moves the watermark over what is acknowledged; gives how many events it passed. Call it before
  // position(): a batch that is acknowledged as a whole has released the bytes its tokens lie in.
  uint64_t advance();

  SendWindow& window() { return window_; }
  const SendWindow& window() const { return window_; }
  // For a checkpoint with the present position: see SendWindow::propose(). The next process begins where the
  // watermark had passed `restart` events, or later.
  std::optional<uint64_t> may_be_sent(uint64_t restart) {
    return window_.propose(std::min(restart, passed_), passed_, waiting_);
  }
  // The spool begins where the watermark had passed so many events.
  void spool_begins(uint64_t passed) { spool_next_at_ = passed; }
  // The number that the first event of the entry spool_next() has or will have, or a lower one.
  uint64_t spool_next_at() const { return spool_next_at_; }
  uint64_t added() const { return added_; }    // events, since the start
  uint64_t passed() const { return passed_; }  // of these, by the watermark

  // The watermark.
  StreamPosition position() const;
  // Behind everything that was added.
  const StreamPosition& end() const { return batches_.empty() ? base_ : batches_.back().after; }
  // The first entry of the spool that the watermark is not behind.
  uint64_t spool_next() const { return spool_next_; }
  // The position behind the last event of a batch; none when it has no events.
  static StreamPosition position_behind_last(const BatchRecord& batch);
  bool all_acknowledged() const { return waiting_ == 0; }
  uint64_t waiting() const { return waiting_; }  // events not acknowledged
  uint64_t bytes() const { return bytes_; }      // held in memory
  // When the oldest event that waits was made, by the source's wall clock; 0 when none waits or it is not
  // told.
  int64_t waiting_wall_ms() const;
  // When the oldest batch with something that waits was received; 0 when nothing waits. After advance().
  Instant waiting_since() const { return batches_.empty() ? Instant{} : batches_.front().received; }

 private:
  void finish(BatchRecord& batch);
  void merge(BatchRecord& into, BatchRecord& next);

  std::string name_;
  Holds holds_;
  std::list<BatchRecord> batches_;
  StreamPosition base_;      // behind all batches that are gone
  uint64_t next_index_ = 0;  // of the first batch: events before it are acknowledged
  uint64_t spool_next_ = 1;
  uint64_t waiting_ = 0;
  uint64_t bytes_ = 0;
  uint64_t added_ = 0;
  uint64_t passed_ = 0;  // by the watermark
  uint64_t spool_next_at_ = 0;
  SendWindow window_;
};

}  // namespace ddsync
