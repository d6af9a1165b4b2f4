#include "runtime/process.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

#include "observe/log.h"

namespace ddsync::runtime {
namespace {

constexpr int kMallocArenasMax = 4;
// Replies and commands of a few MB come and go: memory that goes back to the system each time costs a fault
// for each page that is touched again, and stops the other cores for a moment.
constexpr int kMallocMapped_bytes = 16 << 20;
constexpr int kMallocKept_bytes = 8 << 20;  // of each arena; 32 MB would save a tenth more and cost 40 MB

std::atomic<int> code_at_latest = 0;
static_assert(std::atomic<int>::is_always_lock_free, "it is read in a signal handler");

void on_alarm(int) { _exit(code_at_latest.load()); }

// Only calls that are safe in a signal handler, and no memory.
[[noreturn]] void end_broken(std::string_view text) {
  end_at_latest(ExitCode::broken_invariant, kLastWordsPatience);
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
  _exit(static_cast<int>(ExitCode::broken_invariant));
}

void on_abort(int) { end_broken("documentdb-sync: an invariant is broken, ending with exit code 70\n"); }

// A parent may have blocked it.
void unblock(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

// What the system does not give is no bug.
std::string reason_to_terminate() {
  try {
    if (const auto exception = std::current_exception()) {
      std::rethrow_exception(exception);
    }
  } catch (const std::bad_alloc&) {
    return "memory ran out";
  } catch (const std::system_error& error) {
    return fmt::format("the system does not give what is needed ({})", error.what());
  } catch (const std::exception& exception) {
    return fmt::format("an invariant is broken ({})", exception.what());
  } catch (...) {
    return "an invariant is broken (an exception of unknown type)";
  }
  return "an invariant is broken (no exception)";
}

[[noreturn]] void on_terminate() {
  end_at_latest(ExitCode::broken_invariant, kLastWordsPatience);
  try {
    observe::log_last_error(fmt::format(
        "{}, ending with exit code 70: a restart continues from the last checkpoint", reason_to_terminate()));
    observe::flush_log();
  } catch (const std::bad_alloc&) {
    end_broken("documentdb-sync: memory ran out, ending with exit code 70\n");
  }
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
  unblock(SIGALRM);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  mallopt(M_ARENA_MAX, kMallocArenasMax);
  mallopt(M_MMAP_THRESHOLD, kMallocMapped_bytes);
  mallopt(M_TRIM_THRESHOLD, kMallocKept_bytes);
}

void install_last_words() {
  std::set_terminate(on_terminate);
  std::signal(SIGABRT, on_abort);
}

ExitCode run_or_end(const std::function<ExitCode()>& body) noexcept { return body(); }

// A timer and no thread: none can be had where memory or threads are what is short.
void end_at_latest(ExitCode code, std::chrono::milliseconds patience) {
  code_at_latest.store(static_cast<int>(code));
  std::signal(SIGALRM, on_alarm);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const auto rest = std::chrono::duration_cast<std::chrono::microseconds>(patience - seconds);
  const itimerval once{.it_interval = {}, .it_value = {.tv_sec = seconds.count(), .tv_usec = rest.count()}};
  setitimer(ITIMER_REAL, &once, nullptr);
}

void end_process(ExitCode code, std::chrono::milliseconds patience) {
  end_at_latest(code, patience);
  observe::log_last(fmt::format("ended with exit code {}", static_cast<int>(code)));
  observe::flush_log();
  _exit(static_cast<int>(code));
}

void ExitDeadline::arm(ExitCode code, std::chrono::milliseconds patience) {
  {
    const std::lock_guard lock(mutex_);
    end_ = {.code = code, .at = SteadyClock::now() + patience};
  }
  changed_.notify_one();
}

void ExitDeadline::disarm() {
  {
    const std::lock_guard lock(mutex_);
    ended_in_time_ = true;
  }
  changed_.notify_one();
}

// Whoever disarms it meanwhile waits for the lock, until the process has ended.
void ExitDeadline::run() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return end_ || ended_in_time_; });
  if (ended_in_time_ || changed_.wait_until(lock, end_->at, [this] { return ended_in_time_; })) return;
  observe::log_debug("ending without waiting for what the servers still answer");
  end_process(end_->code);
}

}  // namespace ddsync::runtime
