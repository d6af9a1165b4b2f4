#include "state/spool_trimmer.h"

#include <rocksdb/options.h>

#include <algorithm>
#include <utility>

#include "state/spool_entry.h"

namespace ddsync::state {
namespace {

rocksdb::Status flush(rocksdb::DB& database) { return database.Flush(rocksdb::FlushOptions()); }

rocksdb::Status delete_range(rocksdb::DB& database, const std::string& scope, uint64_t sequence) {
  // Not in the log: after a crash the entries are back, and in the log a record without fsync would stand
  // before ones with (spool_wal.h).
  rocksdb::WriteOptions not_durably;
  not_durably.disableWAL = true;
  return database.DeleteRange(not_durably, database.DefaultColumnFamily(), encode_key(scope, 0),
                              encode_key(scope, sequence));
}

rocksdb::Status compact(rocksdb::DB& database, const std::string& scope, uint64_t sequence,
                        std::atomic<bool>& stop) {
  rocksdb::CompactRangeOptions options;
  options.canceled = &stop;
  const std::string first = encode_key(scope, 0);
  const std::string last = encode_key(scope, sequence);
  const rocksdb::Slice begin(first);
  const rocksdb::Slice end(last);
  auto status = database.CompactRange(options, &begin, &end);
  return status.IsManualCompactionPaused() ? rocksdb::Status::OK() : status;
}

bool mostly_garbage(rocksdb::DB& database) {
  uint64_t all = 0;
  uint64_t garbage = 0;
  return database.GetIntProperty(rocksdb::DB::Properties::kLiveBlobFileSize, &all) &&
         database.GetIntProperty(rocksdb::DB::Properties::kLiveBlobFileGarbageSize, &garbage) &&
         garbage >= kGarbageBytesMin && garbage > all / 2;
}

rocksdb::Status copy_live_entries(rocksdb::DB& database, std::atomic<bool>& stop) {
  rocksdb::CompactRangeOptions options;
  options.canceled = &stop;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  options.blob_garbage_collection_policy = rocksdb::BlobGarbageCollectionPolicy::kForce;
  options.blob_garbage_collection_age_cutoff = 1.0;
  auto status = database.CompactRange(options, nullptr, nullptr);
  return status.IsManualCompactionPaused() ? rocksdb::Status::OK() : status;
}

}  // namespace

SpoolTrimmer::SpoolTrimmer(SpoolDatabase& database) : database_(database), thread_([this] { run(); }) {}

SpoolTrimmer::~SpoolTrimmer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void SpoolTrimmer::forget(const std::string& scope, uint64_t sequence, uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    uint64_t& first = waiting_[scope];
    first = std::max(first, sequence);
    waiting_bytes_ += bytes;
    due_ = due_ || failed_ || waiting_bytes_ >= kTrimBytes;
    if (!due_) return;
  }
  changed_.notify_one();
}

void SpoolTrimmer::hurry() {
  {
    const std::lock_guard lock(mutex_);
    due_ = due_ || !waiting_.empty();
    if (!due_) return;
  }
  changed_.notify_one();
}

std::optional<Error> SpoolTrimmer::take_error() {
  const std::lock_guard lock(mutex_);
  return std::exchange(error_, std::nullopt);
}

void SpoolTrimmer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || due_; });
    if (stop_) return;
    Ranges ranges = std::exchange(waiting_, {});
    waiting_bytes_ = 0;
    due_ = false;
    const bool failed_before = std::exchange(failed_, false);
    lock.unlock();
    auto trimmed = trim(ranges, failed_before);
    lock.lock();
    if (!trimmed) put_back(std::move(ranges), std::move(trimmed.error()));
  }
}

Result<void> SpoolTrimmer::trim(const Ranges& ranges, bool failed_before) {
  if (failed_before) {
    if (auto room = database_.make_room(); !room) return room;
  }
  for (const auto& [scope, sequence] : ranges) {
    auto deleted =
        database_.use([&](rocksdb::DB& database) { return delete_range(database, scope, sequence); }, "trim");
    if (!deleted) return deleted;
  }
  if (auto flushed = database_.use(flush, "trim"); !flushed) return flushed;
  for (const auto& [scope, sequence] : ranges) {
    auto compacted = database_.use(
        [&](rocksdb::DB& database) { return compact(database, scope, sequence, stop_); }, "trim");
    if (!compacted) return compacted;
  }
  return copy_together();
}

Result<void> SpoolTrimmer::copy_together() {
  return database_.use(
      [this](rocksdb::DB& database) {
        return mostly_garbage(database) ? copy_live_entries(database, stop_) : rocksdb::Status::OK();
      },
      "trim");
}

// The next call of forget() or hurry() tries them again.
void SpoolTrimmer::put_back(Ranges ranges, Error error) {
  for (const auto& [scope, sequence] : ranges) {
    uint64_t& first = waiting_[scope];
    first = std::max(first, sequence);
  }
  failed_ = true;
  error_ = std::move(error);
}

}  // namespace ddsync::state
