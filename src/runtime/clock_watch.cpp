#include "runtime/clock_watch.h"

#include <fmt/format.h>

#include <utility>

#include "mongo/endpoint.h"
#include "observe/log.h"

namespace ddsync::runtime {
namespace {

using std::chrono::milliseconds;

// A timerfd would tell at once (TFD_TIMER_CANCEL_ON_SET); a look costs nothing, and a test can move the clock
// that it sees.
constexpr std::chrono::seconds kClockReadEvery{1};
constexpr milliseconds kSetBackMin{2000};  // what is less, the driver may well wait
constexpr milliseconds kReadTogetherMax{100};

// Of one moment: a process that was stopped between the two would see a clock that was set back.
ClockReading read_clocks() {
  for (;;) {
    const TimePoint before = SteadyClock::now();
    const ClockReading reading{.wall = std::chrono::system_clock::now(), .steady = before};
    if (SteadyClock::now() - before < kReadTogetherMax) {
      return reading;
    }
  }
}

}  // namespace

milliseconds WallClock::ahead(const ClockReading& now) {
  return std::chrono::duration_cast<milliseconds>(now.wall.time_since_epoch() -
                                                  now.steady.time_since_epoch());
}

std::optional<milliseconds> WallClock::set_back_by(const ClockReading& now) {
  const milliseconds before = std::exchange(ahead_, ahead(now));
  if (before - ahead_ < kSetBackMin) {
    return std::nullopt;
  }
  return before - ahead_;
}

ClockWatch::~ClockWatch() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_one();
}

void ClockWatch::run() {
  WallClock clock(read_clocks());
  bool asleep = false;
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kClockReadEvery, [this] { return ended_; })) {
    if (const auto by = clock.set_back_by(read_clocks())) {
      observe::log_warning(
          fmt::format("the clock of this machine was set back by {:.1f} s: what waits for a server is woken, "
                      "it would wait that much longer; let NTP slew the clock instead",
                      std::chrono::duration<double>(*by).count()));
      asleep = true;
    }
    asleep = asleep && !mongo::wake_waiting();
  }
}

}  // namespace ddsync::runtime
