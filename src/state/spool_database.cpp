#include "state/spool_database.h"

#include <fmt/format.h>

#include <cerrno>
#include <mutex>
#include <string>
#include <utility>

#include "state/checkpoint_store.h"
#include "state/disk_error.h"
#include "state/spool.h"
#include "state/spool_environment.h"
#include "state/spool_options.h"
#include "state/spool_wal.h"

namespace ddsync::state {
namespace {

// Opening again needs room for the log that is replayed and for new files; before that it is not tried,
// because a store that cannot be opened cannot be read either.
constexpr uint64_t kReopenBytesFree = 32 << 20;

// RocksDB has no code for it, and other words for its own process.
bool is_locked(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  return status.IsIOError() &&
         (text.find("lock file") != std::string::npos || text.find("lock hold") != std::string::npos);
}

tl::unexpected<Error> used_by_another(const std::string& folder) {
  return fatal_error(kForeignState,
                     fmt::format("the spool in {} is used by another process: each state.directory needs a "
                                 "spool.directory of its own",
                                 folder));
}

Result<std::unique_ptr<rocksdb::DB>> open_database(const std::string& folder, rocksdb::Env& environment,
                                                   SpoolReserve& reserve) {
  rocksdb::Options options = spool_options(environment);
  rocksdb::DB* database = nullptr;
  auto status = rocksdb::DB::Open(options, folder, &database);
  if (status.IsNoSpace() && reserve.lend_if_held()) status = rocksdb::DB::Open(options, folder, &database);
  if (status.IsCorruption()) {
    auto torn = torn_only_at_its_end(folder);
    if (!torn) return tl::unexpected(torn.error());
    if (*torn) {
      options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
      status = rocksdb::DB::Open(options, folder, &database);
    }
  }
  if (is_locked(status)) return used_by_another(folder);
  if (!status.ok()) return spool_error("open", folder, status);
  return std::unique_ptr<rocksdb::DB>(database);
}

}  // namespace

tl::unexpected<Error> damaged_spool(const std::string& folder, std::string_view what) {
  return fatal_error(
      kDamagedState,
      fmt::format(
          "the spool in {} is damaged: {}. It holds changes that were read from the source and are not "
          "applied "
          "yet, and that the source may not know any more: put a copy of it in its place, or --reset and "
          "copy the data anew",
          folder, what));
}

tl::unexpected<Error> spool_error(std::string_view action, const std::string& folder,
                                  const rocksdb::Status& status) {
  if (status.IsNoSpace()) return io_error(fmt::format("{} the spool in", action), folder, ENOSPC);
  // A file that should be there and is not: no outage of a disk.
  if (status.IsCorruption() || status.IsPathNotFound() || status.IsNotFound())
    return damaged_spool(folder, status.ToString());
  auto error = io_error(fmt::format("{} the spool in", action), folder, EIO);
  error.value().message += fmt::format(" ({})", status.ToString());
  return error;
}

SpoolDatabase::SpoolDatabase(std::string folder)
    : folder_(std::move(folder)), environment_(owner_only_environment()), reserve_(folder_) {}

Result<std::unique_ptr<SpoolDatabase>> SpoolDatabase::open(const std::string& folder) {
  std::unique_ptr<SpoolDatabase> spool(new SpoolDatabase(folder));
  // Also for what comes after opening: nothing is removed before the state beside it is written.
  spool->reserve_.lend_if_disk_is_full();
  auto database = open_database(folder, *spool->environment_, spool->reserve_);
  if (!database) return tl::unexpected(database.error());
  spool->database_ = std::move(*database);
  spool->reserve_.make_if_missing();
  return spool;
}

tl::unexpected<Error> SpoolDatabase::closed() const { return io_error("open", folder_, EIO); }

tl::unexpected<Error> SpoolDatabase::error(std::string_view action, const rocksdb::Status& status) const {
  return spool_error(action, folder_, status);
}

Result<void> SpoolDatabase::write(rocksdb::WriteBatch& batch) {
  if (auto reserved = reserve_.take_back(); !reserved) return reserved;
  if (failed_) {
    if (auto recovered = recover(); !recovered) return recovered;
  }
  rocksdb::WriteOptions durably;
  durably.sync = true;
  auto written = use([&](rocksdb::DB& database) { return database.Write(durably, &batch); }, "append to");
  if (!written) {
    failed_ = true;
    reserve_.lend_if_disk_is_full();
  }
  return written;
}

bool SpoolDatabase::is_closed() const {
  const std::shared_lock lock(guard_);
  return !database_;
}

Result<bool> SpoolDatabase::read(std::string_view key, rocksdb::PinnableSlice& value) {
  if (is_closed()) {
    if (auto recovered = recover(); !recovered) return tl::unexpected(recovered.error());
  }
  bool found = true;
  // Of everything read, although it is most of what a read costs (Debian builds RocksDB without the
  // processor's CRC instruction, and with assertions: a damaged block of keys would end the process).
  rocksdb::ReadOptions verified;
  verified.verify_checksums = true;
  auto done = use(
      [&](rocksdb::DB& database) {
        auto status =
            database.Get(verified, database.DefaultColumnFamily(), {key.data(), key.size()}, &value);
        found = !status.IsNotFound();
        return found ? status : rocksdb::Status::OK();
      },
      "read");
  if (!done) return tl::unexpected(done.error());
  return found;
}

Result<void> SpoolDatabase::make_room() {
  reserve_.lend();
  failed_ = true;  // a flush in the background may have failed, which no write has met yet
  return recover();
}

Result<void> SpoolDatabase::recover() {
  const std::unique_lock lock(guard_);
  if (!failed_) return {};  // another thread was faster
  auto free = free_disk_bytes(folder_);
  if (!free) return tl::unexpected(free.error());
  if (*free < kReopenBytesFree) return io_error("append to the spool in", folder_, ENOSPC);
  database_.reset();
  auto database = open_database(folder_, *environment_, reserve_);
  if (!database) return tl::unexpected(database.error());
  database_ = std::move(*database);
  failed_ = false;
  return {};
}

}  // namespace ddsync::state
