// The life of the change streams: open, secure the start position, read, pause, open again, gap.
#pragma once

#include <cstdint>
#include <deque>

#include "engine/checkpoints.h"
#include "engine/input.h"
#include "engine/shared.h"
#include "engine/spools.h"
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
  void on_spooled(const input::StreamSpooled& spooled);
  // An entry of the spool was read; false when it was not asked for.
  bool on_spool_batch(Stream& stream, const input::SpoolBatch& batch);
  void on_spool_failed(const input::SpoolFailed& failed);
  // A batch came: bookkeeping of the cursor; the events are decoded elsewhere. False when it has none.
  bool on_batch(Stream& stream, const RawBatch& batch);
  // All events of a batch are decoded.
  void on_batch_size(Stream& stream, const BatchSize& size) const;
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

  // A checkpoint with these positions is durable.
  void on_durable(const std::vector<uint64_t>& spool_next);
  std::vector<uint64_t> spool_next() const;
  uint64_t spool_bytes() const { return spools_.bytes(); }

  bool watching() const { return watching_; }
  bool all_in_gap() const;
  // Not all of what an earlier process may have sent was read again.
  bool any_inherited() const;
  Instant next_wake() const;
  void fill(Checkpoint& checkpoint);

 private:
  void open(Stream& stream);
  void note_replay(Stream& stream) const;
  void say_started_from_now(const Stream& stream);
  void start_reading(Stream& stream);
  void enter_gap(Stream& stream, std::string reason);
  void reopen_later(Stream& stream, const Error& error);
  void pump_one(Stream& stream, uint64_t held_bytes, bool may_read);
  static StreamState state_of(const Stream& stream, bool to_spool);
  bool secure_start(Stream& stream);
  bool rewind(Stream& stream);
  void give_up_spool(Stream& stream);
  void read_from(Stream& stream, StreamPosition position);
  void stay_in_memory(Stream& stream, const Error& error);
  uint64_t restart_of(const Stream& stream) const;
  void note_waiting(Stream& stream, uint64_t held_bytes) const;
  void read(Stream& stream, uint64_t held_bytes, bool to_spool);
  void server_closed_cursor(Stream& stream);
  uint64_t events_to_ask(const Stream& stream, uint64_t held_bytes) const;
  void answered(Stream& stream);
  void announce_watching();
  void recovered(Stream& stream);

  Shared& shared_;
  Checkpoints& checkpoints_;
  Spools spools_;
  std::deque<Stream> streams_;
  size_t turn_ = 0;              // the stream that waited first for room to take something out of its spool
  uint64_t reserved_bytes_ = 0;  // for what the reads under way may bring
  bool watching_ = false;
  bool not_expanded_said_ = false;
};

}  // namespace ddsync
