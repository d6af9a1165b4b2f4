#include "state/instance_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "state/descriptor.h"
#include "state/disk_error.h"

namespace ddsync::state {
namespace {

// What the holder wrote; "unknown" in the moment between its lock and its write.
std::string holder_pid(int descriptor) {
  std::array<char, 32> text;
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  std::string pid;
  for (ssize_t i = 0; i < size && text[static_cast<size_t>(i)] >= '0' && text[static_cast<size_t>(i)] <= '9';
       ++i) {
    pid.push_back(text[static_cast<size_t>(i)]);
  }
  return pid.empty() ? "unknown" : pid;
}

// Only for the message of a second instance: a failure here takes nothing from the lock.
void write_own_pid(int descriptor) {
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor, 0) != 0) return;
  [[maybe_unused]] const ssize_t written = ::pwrite(descriptor, pid.data(), pid.size(), 0);
}

// Each try fails only by another start that removes its lock file in that moment.
constexpr int kTriesMax = 100;

struct LockFile {
  Descriptor descriptor;
  bool made = false;  // or would have been
};

LockFile open_or_make(const std::string& path) {
  constexpr int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
  Descriptor made(::open(path.c_str(), flags | O_CREAT | O_EXCL, kFileMode));
  if (made.open() || errno != EEXIST) return {std::move(made), true};
  return {Descriptor(::open(path.c_str(), flags)), false};
}

bool has_name(int descriptor, const std::string& path) {
  struct stat held {};
  struct stat named {};
  return ::fstat(descriptor, &held) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

}  // namespace

Result<std::unique_ptr<InstanceLock>> InstanceLock::acquire(const std::string& state_path) {
  if (auto made = posix_file_system()->make_folder(folder_of(state_path)); !made) {
    return tl::unexpected(made.error());
  }
  const std::string path = state_path + ".lock";
  for (int tries = 0; tries < kTriesMax; ++tries) {
    LockFile file = open_or_make(path);
    if (!file.descriptor.open() && !file.made && errno == ENOENT) continue;
    if (!file.descriptor.open()) return io_error("open", path, errno);
    if (::flock(file.descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return io_error("lock", path, errno);
      return fatal_error(
          kAlreadyRunning,
          fmt::format("another instance (pid {}) works with the state {}: stop it first, or give "
                      "this one its own state.directory",
                      holder_pid(file.descriptor.get()), state_path));
    }
    if (!has_name(file.descriptor.get(), path)) continue;
    write_own_pid(file.descriptor.get());
    return std::unique_ptr<InstanceLock>(new InstanceLock(file.descriptor.release(), path, file.made));
  }
  return io_error("lock", path, EAGAIN);
}

void InstanceLock::remove_file_if_made() {
  if (made_) ::unlink(path_.c_str());
}

InstanceLock::~InstanceLock() { ::close(descriptor_); }

}  // namespace ddsync::state
