// Two instances with the same state cannot run at once (DESIGN invariant 13): flock on `<state file>.lock`,
// released by the kernel when the process ends, however it ends. The lock file itself stays, but for that of
// a start that is refused. It is removed under its lock only, and who locks a file sees that it still has its
// name: else a third process could lock a new file of that name beside the second one's old file.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "state/file_system.h"

namespace ddsync::state {

// Error::code_name when another process holds the lock; any other name: the lock file cannot be used.
inline constexpr std::string_view kAlreadyRunning = "AlreadyRunning";

class InstanceLock {
 public:
  // Creates the state's folder when it is missing. The error says which process (pid) holds the lock.
  static Result<std::unique_ptr<InstanceLock>> acquire(const std::string& state_path);
  ~InstanceLock();
  // Takes the lock file away if it was not there before acquire(). The lock is held on, but no longer keeps
  // others out: nothing of the state may be used after this.
  void remove_file_if_made();
  InstanceLock(const InstanceLock&) = delete;
  InstanceLock& operator=(const InstanceLock&) = delete;

 private:
  InstanceLock(int descriptor, std::string path, bool made)
      : descriptor_(descriptor), path_(std::move(path)), made_(made) {}

  int descriptor_;
  std::string path_;
  bool made_;
};

}  // namespace ddsync::state
