// The durable spool of one source-target pair: batches of change streams on disk, one queue (FIFO) a stream,
// for the time of an initial copy and of a slow or absent target. Decides nothing: who appends, reads and
// removes what, and when, is the engine's matter. On disk: docs/state-file.md, "The spool".
//
// Thread-safety: append(), read() and remove_before() from any threads at the same time, but append() of one
// stream by one thread at a time. Errors are those of the disk (state/disk_error.h): "LocalDisk" passes when
// the disk recovers; kDamagedState and kForeignState do not. Memory: about 40 MiB whatever its size on disk
// (spool_options.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/batch.h"
#include "engine/position.h"
#include "state/checkpoint_store.h"
#include "state/file_system.h"

namespace ddsync::state {

struct SpooledStream {   // what the spool holds of one stream
  std::string scope;     // WatchScope::name()
  uint64_t first = 0;    // sequence of its oldest entry
  uint64_t end = 0;      // one behind the newest; a stream without entries is not listed
  uint64_t bytes = 0;    // of its entries
  StreamPosition after;  // position of the source behind the newest entry: reading goes on here
};

class Spool {
 public:
  struct Entry {
    RawBatch batch;
    StreamPosition after;
  };

  // Opens or makes the folder (0700, its files 0600). The spool of another pair is refused (kForeignState), a
  // damaged one too (kDamagedState: what is wrong, where, what to do); nothing of it is deleted. One process
  // at a time.
  static Result<std::unique_ptr<Spool>> open(const std::string& folder, const StateIdentity& identity);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // As found at open(). Entries that were removed before a crash may be back, at the begin of a queue.
  const std::vector<SpooledStream>& contents() const;

  // Durable (fsynced) when it returns without an error. `sequence` rises by one per stream, from any number
  // for a stream of which nothing is known or all is removed; another one is refused (a broken invariant of
  // the caller). `after`: position of the source behind this batch. After an error the entry counts as not
  // stored, and the same sequence may be tried again for ever: when the disk is well again, so is the spool.
  Result<void> append(const std::string& scope, uint64_t sequence, const RawBatch& batch,
                      const StreamPosition& after);

  // The entry with this sequence; its storage is owned by the batch and outlives the spool. Missing or
  // damaged: kDamagedState.
  Result<Entry> read(const std::string& scope, uint64_t sequence) const;

  // Forgets entries before `sequence`. Returns at once: a thread of the spool gives the space back on disk,
  // when kTrimBytes have come together (spool_trimmer.h). Not durable by itself. An error is that of an
  // earlier trimming, said once; the trimming is tried again with the next call.
  Result<void> remove_before(const std::string& scope, uint64_t sequence);

  // --reset, and when all is drained: deletes the files of the spool, not the folder. No Spool may be open
  // there. After a crash in between, the next open() completes it. A missing folder is fine.
  static Result<void> remove(const std::string& folder);

 private:
  struct Parts;
  explicit Spool(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// What this process may still write on the volume of `folder`, in bytes.
Result<uint64_t> free_disk_bytes(const std::string& folder);

}  // namespace ddsync::state
