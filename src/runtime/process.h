// What concerns the process as a whole: its limits, its last words and its end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "runtime/clock.h"
#include "runtime/service.h"
#include "runtime/thread.h"

namespace ddsync::runtime {

// No core dumps (they would hold credentials and documents), files for the owner only, no SIGPIPE, a file
// that is larger than allowed an error like a full disk, as many file descriptors as are allowed (each stream
// is a connection), few malloc arenas (each thread would keep one), the alarm of end_at_latest let through.
void harden_process();

// A broken invariant (abort, an uncaught exception) is logged and ends with ExitCode::broken_invariant:
// nothing that follows it could be trusted, a restart continues from the last checkpoint. Memory or a thread
// that cannot be had ends the same way, by its own name.
void install_last_words();

// What `body` throws ends the process as an uncaught exception of any thread does, and at once: to unwind
// further would be to wait for threads, of which each may wait for its server until the socket's timeout.
ExitCode run_or_end(const std::function<ExitCode()>& body) noexcept;

// Whatever is stuck by then, be it a log that nobody reads: the process ends after `patience`, without a
// word. The last call counts. Any thread.
void end_at_latest(ExitCode code, std::chrono::milliseconds patience);

// For the last lines of a log that may be stuck.
inline constexpr std::chrono::milliseconds kLastWordsPatience{2000};

// The last line of the log, then the end. Destructors do not run: only after everything durable is so.
[[noreturn]] void end_process(ExitCode code, std::chrono::milliseconds patience = kLastWordsPatience);

// A stream can wait for its server for a second, and a dead server can hold a thread up to the socket
// timeout. When the service is done, all that must be durable is so, and the end need not wait for either:
// past the deadline the process ends as it is. Its thread is there from the begin: at the end none may be
// had.
class ExitDeadline {
 public:
  ExitDeadline() : thread_("exit-deadline", [this] { run(); }) {}
  ~ExitDeadline() { disarm(); }
  ExitDeadline(const ExitDeadline&) = delete;
  ExitDeadline& operator=(const ExitDeadline&) = delete;

  void arm(ExitCode code, std::chrono::milliseconds patience);
  // In time.
  void disarm();

 private:
  struct End {
    ExitCode code;
    TimePoint at;
  };

  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<End> end_;
  bool ended_in_time_ = false;
  Thread thread_;  // last: it uses all of the above
};

}  // namespace ddsync::runtime
