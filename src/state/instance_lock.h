// Two instances with the same state cannot run at once (DESIGN invariant 13): flock on `<state file>.lock`,
// released by the kernel when the process ends, however it ends. The lock file itself stays: removing it
// would let a third process lock a new file of that name while the second still waits on the old one.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "state/file_system.h"

namespace ddsync::state {

// Error::code_name when another process holds the lock; any other name: the lock file cannot be used.
inline constexpr std::string_view kAlreadyRunning = "AlreadyRunning";

class InstanceLock {
 public:
  // Creates the state's folder when it is missing. The error says which process (pid) holds the lock.
  static Result<std::unique_ptr<InstanceLock>> acquire(const std::string& state_path);
  ~InstanceLock();
  InstanceLock(const InstanceLock&) = delete;
  InstanceLock& operator=(const InstanceLock&) = delete;

 private:
  explicit InstanceLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace ddsync::state
