// Disk space set aside for giving space back: on a full disk the store could neither note that entries are
// gone nor merge its keys, and the spool that filled the disk could never shrink. Lent for that, and taken
// back before anything is appended again. Internal to state/. Thread-safety: any thread.
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
  // Makes it when it is not there. Best effort: not every file system can set space aside.
  explicit SpoolReserve(const std::string& folder);

  void lend();
  // Cheap when it is not lent. An error (disk full) while it cannot be taken back.
  Result<void> take_back();

 private:
  bool make() const;

  std::string folder_;
  std::string path_;
  std::mutex mutex_;
  std::atomic<bool> lent_ = false;
};

}  // namespace ddsync::state
