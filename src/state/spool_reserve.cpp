#include "state/spool_reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "state/descriptor.h"
#include "state/disk_error.h"
#include "state/spool.h"

namespace ddsync::state {
namespace {

constexpr uint64_t kFullDiskBytesFree = 8 << 20;  // a flush would fail

}  // namespace

SpoolReserve::SpoolReserve(const std::string& folder)
    : folder_(folder), path_(folder + "/" + std::string(kReserveName)) {
  struct stat file {};
  lent_ = ::lstat(path_.c_str(), &file) == 0 && file.st_size == 0;
}

void SpoolReserve::make_if_missing() {
  const std::lock_guard lock(mutex_);
  if (!lent_) make();
}

bool SpoolReserve::make() const {
  const Descriptor file(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (file.open() && ::fallocate(file.get(), 0, 0, off_t{kReserveBytes}) == 0) return true;
  ::unlink(path_.c_str());
  return false;
}

uint64_t SpoolReserve::size() const {
  struct stat file {};
  return ::lstat(path_.c_str(), &file) == 0 ? static_cast<uint64_t>(file.st_size) : 0;
}

void SpoolReserve::lend() {
  const std::lock_guard lock(mutex_);
  const Descriptor emptied(::open(path_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW));
  if (!emptied.open()) ::unlink(path_.c_str());
  lent_ = true;
}

bool SpoolReserve::lend_if_held() {
  if (size() == 0) return false;
  lend();
  return true;
}

void SpoolReserve::lend_if_disk_is_full() {
  const auto free = free_disk_bytes(folder_);
  if (free && *free < kFullDiskBytesFree) lend_if_held();
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
