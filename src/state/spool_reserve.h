// Disk space set aside for giving space back: on a full disk the store could neither be opened, nor note that
// entries are gone, nor merge its keys, and the spool that filled the disk could never shrink. Nor could the
// state beside it be written, before which no entry goes. Lent for that as soon as the disk is full, and
// taken back before anything is appended again. The file is empty while it is lent, so that a restart knows.
// Internal to state/. Thread-safety: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "state/file_system.h"

namespace ddsync::state {

inline constexpr uint64_t kReserveBytes = 48 << 20;  // a replayed log, a flush, and new files of the store
inline constexpr std::string_view kReserveName = "reserve";

class SpoolReserve {
 public:
  explicit SpoolReserve(const std::string& folder);

  // Unless it is lent. Best effort: not every file system can set space aside, and not every volume has it.
  void make_if_missing();

  void lend();
  // False when there is nothing to lend.
  bool lend_if_held();
  // The same, when so little is free that the spool's disk counts as full.
  void lend_if_disk_is_full();
  // Cheap when it is not lent. An error (disk full) while it cannot be taken back.
  Result<void> take_back();

 private:
  bool make() const;
  uint64_t size() const;  // 0: lent or missing

  std::string folder_;
  std::string path_;
  std::mutex mutex_;
  std::atomic<bool> lent_ = false;
};

}  // namespace ddsync::state
