#include "runtime/process.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <string>

#include "observe/log.h"

namespace ddsync::runtime {
namespace {

constexpr int kMallocArenasMax = 4;

// Of a signal handler: only calls that are safe in one.
void on_abort(int) {
  constexpr char text[] = "documentdb-sync: an invariant is broken, ending with exit code 70\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text, sizeof text - 1);
  _exit(static_cast<int>(ExitCode::broken_invariant));
}

std::string uncaught_exception_text() {
  try {
    if (const auto exception = std::current_exception()) {
      std::rethrow_exception(exception);
    }
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "an exception of unknown type";
  }
  return "no exception";
}

[[noreturn]] void on_terminate() {
  observe::log_error("an invariant is broken (" + uncaught_exception_text() +
                     "), ending with exit code 70: a restart continues from the last checkpoint");
  observe::flush_log();
  _exit(static_cast<int>(ExitCode::broken_invariant));
}

}  // namespace

void harden_process() {
  const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &no_core);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  umask(S_IRWXG | S_IRWXO);
  std::signal(SIGPIPE, SIG_IGN);
  mallopt(M_ARENA_MAX, kMallocArenasMax);
}

void install_last_words() {
  std::set_terminate(on_terminate);
  std::signal(SIGABRT, on_abort);
}

void end_process(ExitCode code) {
  observe::log_info(fmt::format("ended with exit code {}", static_cast<int>(code)));
  observe::flush_log();
  _exit(static_cast<int>(code));
}

void ExitDeadline::disarm() {
  {
    const std::lock_guard lock(mutex_);
    ended_in_time_ = true;
  }
  in_time_.notify_one();
  thread_.reset();
}

void ExitDeadline::arm(ExitCode code, std::chrono::milliseconds patience) {
  thread_ = std::make_unique<Thread>("exit-deadline", [this, code, patience] { wait(code, patience); });
}

void ExitDeadline::wait(ExitCode code, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (in_time_.wait_for(lock, patience, [this] { return ended_in_time_; })) {
    return;
  }
  observe::log_debug("ending without waiting for what the servers still answer");
  end_process(code);
}

}  // namespace ddsync::runtime
