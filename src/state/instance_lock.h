// Two instances with the same state cannot run at once (DESIGN invariant 13): flock on `<state file>.lock`,
// released by the kernel when the process ends, however it ends.
#pragma once

#include <memory>
#include <string>

#include "state/file_system.h"

namespace ddsync::state {

class InstanceLock {
 public:
  // The error says which process (pid) holds the lock.
  static Result<std::unique_ptr<InstanceLock>> acquire(const std::string& state_path);
  ~InstanceLock();
  InstanceLock(const InstanceLock&) = delete;
  InstanceLock& operator=(const InstanceLock&) = delete;

 private:
  explicit InstanceLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace ddsync::state
