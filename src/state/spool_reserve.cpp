#include "state/spool_reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "state/descriptor.h"
#include "state/disk_error.h"
#include "state/spool.h"

namespace ddsync::state {
SpoolReserve::SpoolReserve(const std::string& folder)
    : folder_(folder), path_(folder + "/" + std::string(kReserveName)) {
  make();
}

bool SpoolReserve::make() const {
  const Descriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (file.open() && ::fallocate(file.get(), 0, 0, off_t{kReserveBytes}) == 0) return true;
  ::unlink(path_.c_str());
  return false;
}

void SpoolReserve::lend() {
  const std::lock_guard lock(mutex_);
  ::unlink(path_.c_str());
  lent_ = true;
}

Result<void> SpoolReserve::take_back() {
  if (!lent_) return {};
  const std::lock_guard lock(mutex_);
  auto free = free_disk_bytes(folder_);
  if (!free) return tl::unexpected(free.error());
  // Twice: what is appended next needs some as well.
  if (*free < 2 * kReserveBytes) return io_error("append to the spool in", folder_, ENOSPC);
  make();
  lent_ = false;
  return {};
}

}  // namespace ddsync::state
