// Gives the space of removed entries back on disk, in a thread of its own. Internal to state/.
//
// Removed ranges are collected; when they come to kTrimBytes they are deleted (one tombstone a stream) and
// the keys there are compacted at once, so that no tombstone stays for reads to step over and the blob files
// in front go. A blob file holds entries of several streams: where one that stands still keeps the space of
// the others, and more than half of all is garbage, what is live is copied together. That writes at most one
// byte for each byte given back. Thread-safety: all from any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "state/spool_database.h"

namespace ddsync::state {

inline constexpr uint64_t kTrimBytes = 64 << 20;
inline constexpr uint64_t kGarbageBytesMin = 256 << 20;  // below it is not worth copying

class SpoolTrimmer {
 public:
  explicit SpoolTrimmer(SpoolDatabase& database);
  ~SpoolTrimmer();
  SpoolTrimmer(const SpoolTrimmer&) = delete;
  SpoolTrimmer& operator=(const SpoolTrimmer&) = delete;

  // Entries of `scope` before `sequence` are of no use any more; about `bytes` of them are so since the last
  // call.
  void forget(const std::string& scope, uint64_t sequence, uint64_t bytes);
  // The disk is full: trims what waits, however little it is.
  void hurry();
  // That of the last trimming, if it failed and was not taken yet.
  std::optional<Error> take_error();

 private:
  using Ranges = std::map<std::string, uint64_t>;  // scope -> first sequence that stays

  void run();
  Result<void> trim(const Ranges& ranges, bool failed_before);
  Result<void> copy_together();
  void put_back(Ranges ranges, Error error);

  SpoolDatabase& database_;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  Ranges waiting_;
  uint64_t waiting_bytes_ = 0;
  bool due_ = false;
  bool failed_ = false;  // the last trimming
  std::optional<Error> error_;
  std::thread thread_;  // last: begins when all else is there
};

}  // namespace ddsync::state
