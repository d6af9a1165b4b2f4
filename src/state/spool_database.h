// The one RocksDB of a spool: opened, written durably, and brought back after a full or failing disk.
// Internal to state/. Thread-safety: all but open() from any thread.
//
// After a failed write RocksDB takes no more of them. The next write() closes it and opens it again, which
// reads back what is durable. Its own way (Resume, also by a thread that it starts when a disk is full) may
// go on with the log that failed, which refuses all writes; builds with assertions, as Debian's, end the
// process. Reads go on with the old handle until there is room to open again.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "state/file_system.h"
#include "state/spool_reserve.h"

namespace ddsync::state {

inline rocksdb::Slice as_slice(std::string_view view) { return {view.data(), view.size()}; }

class SpoolDatabase {
 public:
  // Makes the folder's files when there are none.
  static Result<std::unique_ptr<SpoolDatabase>> open(const std::string& folder);

  // Durable on return. All of the batch or nothing counts as stored.
  Result<void> write(rocksdb::WriteBatch& batch);
  // After a failed use(): lets it work again on a disk that is full, to give space back. Until enough of that
  // is there, write() refuses.
  Result<void> make_room();
  // Nothing is found: false. Opens again what could not be.
  Result<bool> read(std::string_view key, rocksdb::PinnableSlice& value);

  // For whoever needs more of it, under the lock that keeps it from being closed.
  template <typename Use>
  Result<void> use(const Use& use_it, std::string_view action) const {
    const std::shared_lock lock(guard_);
    if (!database_) return closed();
    const rocksdb::Status status = use_it(*database_);
    if (!status.ok()) return error(action, status);
    return {};
  }

  const std::string& folder() const { return folder_; }

 private:
  using Handle = std::unique_ptr<rocksdb::DB>;

  explicit SpoolDatabase(std::string folder);
  bool is_closed() const;
  Result<void> recover();
  tl::unexpected<Error> closed() const;
  tl::unexpected<Error> error(std::string_view action, const rocksdb::Status& status) const;

  std::string folder_;
  std::unique_ptr<rocksdb::Env> environment_;  // outlives the handle
  mutable std::shared_mutex guard_;            // exclusive: while the handle changes
  SpoolReserve reserve_;
  Handle database_;  // null: could not be opened again
  std::atomic<bool> failed_ = false;
};

// The error of a status: kDamagedState where the files are not what was written, else of the disk.
tl::unexpected<Error> spool_error(std::string_view action, const std::string& folder,
                                  const rocksdb::Status& status);
tl::unexpected<Error> damaged_spool(const std::string& folder, std::string_view what);

}  // namespace ddsync::state
