// SIGINT, SIGTERM, SIGHUP: the first asks for a graceful stop, the second ends the process at once (130).
// SIGUSR1: a status line now, also from a start that waits. One thread waits for them, and for nothing else;
// it is all that they need, as no other may be had later. All other threads have them blocked. Make it before
// any of those, so that they inherit the blocked signals.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "runtime/inbox.h"
#include "runtime/thread.h"

namespace ddsync::runtime {

// The kernel throws away what process 1 (the first of a container) has neither blocked nor handled: a stop
// would be lost. Blocked, it waits for Signals. To others it is what it always was until then: the end.
void keep_signals_of_process_1();

class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // What the status line of a start says from now on.
  void starting(std::string progress);
  // Until this is called nothing is in flight and a stop simply ends the process. From now on a stop goes to
  // `inbox` as input::Stop, and a wish for a status wakes it.
  void deliver_to(Inbox& inbox);
  // The service is ending by itself; `inbox` is used no more.
  void end_delivery();

  // True once for each wish.
  bool take_status_request() { return status_requested_.exchange(false, std::memory_order_relaxed); }

 private:
  enum class Phase : uint8_t { starting, running, ending };

  void run();
  void stop_requested(int signal);
  void status_requested();

  std::mutex mutex_;
  Phase phase_ = Phase::starting;
  std::string progress_;  // while starting
  Inbox* inbox_ = nullptr;
  bool stopping_ = false;  // the signal thread's own
  std::atomic<bool> status_requested_ = false;
  std::atomic<bool> ended_ = false;
  sigset_t set_;
  Thread thread_;
};

}  // namespace ddsync::runtime
