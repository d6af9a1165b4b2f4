// The end of the process, whatever cannot be had any more: each case in a process of its own.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <new>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "observe/log.h"
#include "runtime/inbox.h"
#include "runtime/process.h"
#include "runtime/service.h"
#include "runtime/signals.h"
#include "runtime/thread.h"

namespace ddsync::runtime {
namespace {

using namespace std::chrono_literals;
using testing::ExitedWithCode;

constexpr uid_t kNobody = 65534;

// To root the limit is none.
void allow_no_more_threads() {
  if (::geteuid() == 0 && ::setuid(kNobody) != 0) std::_Exit(2);
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  if (::setrlimit(RLIMIT_NPROC, &none) != 0) std::_Exit(2);
  try {
    const Thread one_more("one-more", [] {});
  } catch (const std::system_error&) {
    return;
  }
  std::_Exit(2);
}

[[noreturn]] void stop_without_threads() {
  Inbox inbox;
  Signals signals;
  signals.deliver_to(inbox);
  allow_no_more_threads();
  ::kill(::getpid(), SIGTERM);
  std::vector<Input> arrived;
  inbox.take(arrived, SteadyClock::now() + 10s);
  std::_Exit(arrived.empty() ? 1 : 0);
}

TEST(Signals, AskForAStopAlsoWhenNoThreadIsToBeHad) {
  EXPECT_EXIT(stop_without_threads(), ExitedWithCode(0), "");
}

[[noreturn]] void ask_for_the_status_without_threads() {
  Signals signals;
  allow_no_more_threads();
  ::kill(::getpid(), SIGUSR1);
  ::kill(::getpid(), SIGTERM);  // a start is ended by it
  ::pause();
  std::_Exit(1);
}

TEST(Signals, TellOfTheStartAlsoWhenNoThreadIsToBeHad) {
  EXPECT_EXIT(ask_for_the_status_without_threads(), ExitedWithCode(0), "");
}

[[noreturn]] void end_late_without_threads() {
  ExitDeadline deadline;
  allow_no_more_threads();
  deadline.arm(ExitCode::gap, 1ms);
  ::pause();
  std::_Exit(1);
}

TEST(ExitDeadline, EndsTheProcessAlsoWhenNoThreadIsToBeHad) {
  EXPECT_EXIT(end_late_without_threads(), ExitedWithCode(3), "");
}

[[noreturn]] void end_in_time() {
  ExitDeadline deadline;
  deadline.arm(ExitCode::gap, 1h);
  deadline.disarm();
  std::_Exit(0);
}

TEST(ExitDeadline, DoesNothingWhenTheEndComesInTime) { EXPECT_EXIT(end_in_time(), ExitedWithCode(0), ""); }

[[noreturn]] void end_at_latest_soon() {
  end_at_latest(ExitCode::stopped_at_once, 1ms);
  ::pause();
  std::_Exit(1);
}

[[noreturn]] void run(const std::function<ExitCode()>& body) {
  observe::init_log(config::LogLevel::info, config::LogFormat::text);
  install_last_words();
  try {
    run_or_end(body);
  } catch (...) {  // it was unwound
  }
  std::_Exit(1);
}

TEST(RunOrEnd, EndsAtOnceWithWhatWasThrown) {
  EXPECT_EXIT(
      run([]() -> ExitCode { throw std::logic_error("2 is 3"); }), ExitedWithCode(70),
      "ERROR an invariant is broken \\(2 is 3\\), ending with exit code 70: a restart continues from");
}

TEST(RunOrEnd, CallsMissingMemoryAndThreadsWhatTheyAre) {
  EXPECT_EXIT(run([]() -> ExitCode { throw std::bad_alloc(); }), ExitedWithCode(70),
              "ERROR memory ran out, ending with exit code 70: a restart continues from");
  EXPECT_EXIT(run([]() -> ExitCode {
                allow_no_more_threads();
                const Thread one_more("one-more", [] {});
                return ExitCode::ok;
              }),
              ExitedWithCode(70),
              "ERROR the system does not give what is needed \\(cannot start thread one-more: .*\\), ending");
}

[[noreturn]] void start_without_threads() {
  observe::init_log(config::LogLevel::info, config::LogFormat::text);
  observe::log_warning("said before");
  allow_no_more_threads();
  run_service({});
}

TEST(RunService, SaysThatItCannotStartWithoutThreads) {
  EXPECT_EXIT(start_without_threads(), ExitedWithCode(1),
              "said before\n.*ERROR cannot start: cannot start thread signals: .*\n.*ended with exit code 1");
}

[[noreturn]] void end_at_latest_soon_under_a_parent_that_blocks_the_alarm() {
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  pthread_sigmask(SIG_BLOCK, &alarm, nullptr);  // a child inherits it
  harden_process();
  end_at_latest(ExitCode::stopped_at_once, 1ms);
  std::this_thread::sleep_for(5s);
  std::_Exit(1);
}

TEST(Process, EndsAtLatestAlsoUnderAParentThatBlocksTheAlarm) {
  EXPECT_EXIT(end_at_latest_soon_under_a_parent_that_blocks_the_alarm(), ExitedWithCode(130), "");
}

TEST(Process, EndsAtLatestWhenItWasTold) { EXPECT_EXIT(end_at_latest_soon(), ExitedWithCode(130), ""); }

}  // namespace
}  // namespace ddsync::runtime
