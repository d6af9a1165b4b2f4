// The life of the change streams: open, secure the start position, read, pause, open again, gap.
#pragma once

#include <cstdint>
#include <deque>

#include "engine/checkpoints.h"
#include "engine/input.h"
#include "engine/shared.h"
#include "engine/stream.h"

namespace ddsync {

class Streams {
 public:
  Streams(Shared& shared, Checkpoints& checkpoints);

  Stream& at(StreamId id) { return streams_[id.value]; }
  Stream& at(uint32_t index) { return streams_[index]; }
  std::deque<Stream>& all() { return streams_; }
  const std::deque<Stream>& all() const { return streams_; }
  // The stream whose scope holds the namespace, or none.
  Stream* find(std::string_view database, std::string_view collection);

  void open_all();
  void on_opened(const input::StreamOpened& opened);
  void on_failed(const input::StreamFailed& failed);
  // A batch came: bookkeeping of the cursor; the events are decoded elsewhere.
  void on_batch(Stream& stream, const RawBatch& batch);
  // All events of a batch are decoded, so many, of so many bytes, the largest of so many.
  void on_batch_size(Stream& stream, uint64_t events, uint64_t bytes, uint64_t largest);
  // ... and `after` is the position behind them.
  void on_batch_decoded(Stream& stream, StreamPosition after);
  // An empty batch: the source may have moved on without an event for us.
  void on_idle(Stream& stream, StreamPosition position);
  // Behind `behind` (unknown: at the start of the batch) stands what cannot be understood.
  void on_malformed(Stream& stream, StreamPosition behind);
  // The stream's cursor has to be opened again.
  void fail(Stream& stream, const Error& error);

  // Reads on where there is room, opens again what waited long enough. `may_read`: the disk and the ending
  // allow it.
  void pump(uint64_t held_bytes, bool may_read);
  void close_all();

  bool watching() const { return watching_; }
  bool all_in_gap() const;
  Instant next_wake() const;
  void fill(Checkpoint& checkpoint) const;

 private:
  void open(Stream& stream);
  void note_replay(Stream& stream) const;
  void start_reading(Stream& stream);
  void enter_gap(Stream& stream, const Error& error);
  void reopen_later(Stream& stream, const Error& error);
  void pump_one(Stream& stream, uint64_t held_bytes, bool may_read);
  void read(Stream& stream, uint64_t held_bytes);
  uint64_t events_to_ask(const Stream& stream, uint64_t held_bytes) const;
  void answered(Stream& stream);
  void announce_watching();
  void recovered(Stream& stream);

  Shared& shared_;
  Checkpoints& checkpoints_;
  std::deque<Stream> streams_;
  uint64_t reserved_bytes_ = 0;  // for what the reads under way may bring
  bool watching_ = false;
};

}  // namespace ddsync
