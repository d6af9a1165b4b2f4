// The wall clock may be set back, by an operator, NTP or a machine that is restored. The driver waits by it,
// see mongo::wake_waiting.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "runtime/clock.h"
#include "runtime/thread.h"

namespace ddsync::runtime {

struct ClockReading {
  std::chrono::system_clock::time_point wall;
  TimePoint steady;
};

// Thread-safety: one thread.
class WallClock {
 public:
  explicit WallClock(const ClockReading& now) : ahead_(ahead(now)) {}

  // By how much it was set back since it was last looked at; nothing when that is too little to matter.
  std::optional<std::chrono::milliseconds> set_back_by(const ClockReading& now);

 private:
  static std::chrono::milliseconds ahead(const ClockReading& now);

  std::chrono::milliseconds ahead_;  // of the steady clock
};

// Looks at it once a second, says when it was set back, and wakes who waits for a server.
class ClockWatch {
 public:
  ClockWatch() : thread_("clock", [this] { run(); }) {}
  ~ClockWatch();
  ClockWatch(const ClockWatch&) = delete;
  ClockWatch& operator=(const ClockWatch&) = delete;

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  Thread thread_;  // last: it uses all of the above
};

}  // namespace ddsync::runtime
