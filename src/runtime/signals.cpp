#include "runtime/signals.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <utility>

#include "observe/log.h"
#include "runtime/process.h"
#include "runtime/service.h"

namespace ddsync::runtime {
namespace {

// nohup: a blocked signal would come through although it is ignored.
bool is_ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

std::string name_of(int signal) {
  switch (signal) {
    case SIGINT:
      return "SIGINT";
    case SIGHUP:
      return "SIGHUP";
    default:
      return "SIGTERM";
  }
}

sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  if (!is_ignored(SIGHUP)) sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

// Above what a graceful stop takes (docs/operations.md), below the 30 s after which Kubernetes kills.
constexpr std::chrono::seconds kStopPatience{25};
constexpr std::chrono::milliseconds kAtOncePatience{500};

}  // namespace

void keep_signals_of_process_1() {
  if (getpid() == 1) block_signals();
}

Signals::Signals() : set_(block_signals()), thread_("signals", [this] { run(); }) {}

Signals::~Signals() {
  ended_.store(true);
  pthread_kill(thread_.handle(), SIGUSR1);
}

void Signals::starting(std::string progress) {
  const std::lock_guard lock(mutex_);
  progress_ = std::move(progress);
}

void Signals::deliver_to(Inbox& inbox) {
  const std::lock_guard lock(mutex_);
  phase_ = Phase::running;
  inbox_ = &inbox;
}

void Signals::end_delivery() {
  const std::lock_guard lock(mutex_);
  phase_ = Phase::ending;
  inbox_ = nullptr;
}

void Signals::run() {
  int signal = 0;
  while (sigwait(&set_, &signal) == 0 && !ended_.load()) {
    if (signal == SIGUSR1) {
      status_requested();
    } else {
      stop_requested(signal);
    }
  }
}

void Signals::status_requested() {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::starting) {
    observe::log_info("status: state=starting" + progress_);
    return;
  }
  status_requested_.store(true, std::memory_order_relaxed);
  if (inbox_ != nullptr) {
    inbox_->wake();
  }
}

void Signals::stop_requested(int signal) {
  const std::string name = name_of(signal);
  if (stopping_) {
    end_at_latest(ExitCode::stopped_at_once, kAtOncePatience);
    observe::log_warning(name + " again: ending at once, what was in flight is replayed after the restart");
    end_process(ExitCode::stopped_at_once, kAtOncePatience);
  }
  stopping_ = true;
  end_at_latest(ExitCode::stopped_at_once, kStopPatience);
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::starting) {
    end_at_latest(ExitCode::ok, kLastWordsPatience);
    observe::log_info(name + ": stopped before the first event was read");
    end_process(ExitCode::ok);
  }
  if (phase_ == Phase::running) {
    observe::log_info(name + ": finishing what is in flight (again: end at once)");
    inbox_->post(input::Stop{});
  }
}

}  // namespace ddsync::runtime
