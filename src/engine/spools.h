// Which events go to the spool on disk, and when they are taken out again.
//
// A source keeps its history for a while only, so it is read all the time: what the engine cannot take
// (memory is full because the target is down or slow, a copy is going on, a schema change takes long) is
// appended to the stream's spool, durably, and read from there in its order later. While the spool holds
// anything of a stream, everything of that stream goes through it. Thread-safety: none.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "engine/input.h"
#include "engine/shared.h"
#include "engine/stream.h"

namespace ddsync {

class Spools {
 public:
  explicit Spools(Shared& shared) : shared_(shared) {}

  bool enabled() const { return shared_.options.spool_bytes_max > 0; }
  // Takes over what an earlier process left of this stream; `durable` is behind the last applied event.
  // False when entries that the position does not stand behind are missing.
  bool resume(Stream& stream, const StreamCheckpoint& durable);

  // The next batch of the source has to go to the spool.
  bool goes_to_spool(const Stream& stream) const;
  bool has_room() const { return bytes_ < shared_.options.spool_bytes_max; }
  // Fills in where the next batch of the source goes.
  void direct(Stream& stream, output::ReadStream& read) const;
  void on_spooled(Stream& stream, const input::StreamSpooled& spooled);

  // Takes the next entry out when the stream can take it. Those of several streams at once only where memory
  // has room for them: false when this one has to wait for that.
  bool read_next(Stream& stream, uint64_t held_bytes);
  // It is asked for again later.
  void on_read_failed(Stream& stream, const Error& error);
  // False when the entry is not one that was asked for.
  bool on_batch(Stream& stream, const input::SpoolBatch& batch);

  // What is durably applied is not needed any more.
  void trim(Stream& stream, uint64_t before);
  // When a stream that waits begins to be spooled, or an entry is asked for again.
  Instant next_wake(const Stream& stream) const;

  uint64_t bytes() const { return bytes_; }

 private:
  void read_is_answered(SpoolQueue& spool);

  Shared& shared_;
  uint64_t bytes_ = 0;
  uint64_t asked_bytes_ = 0;  // of entries that are being taken out
};

}  // namespace ddsync
