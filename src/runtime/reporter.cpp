#include "runtime/reporter.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "observe/copy_progress.h"
#include "observe/log.h"
#include "observe/status_line.h"

namespace ddsync::runtime {
namespace {

constexpr std::chrono::seconds kProgressEvery{1};
constexpr std::chrono::seconds kLookEvery{10};  // at the copy and at what stands still

int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

double seconds_between(TimePoint from, TimePoint to) {
  return std::chrono::duration<double>(to - from).count();
}

// The engine's own `now` stands still while nothing happens, and that may be just what is to be seen.
EngineStatus status_at(TimePoint now, const Engine& engine) {
  EngineStatus status = engine.status();
  status.now = to_instant(now);
  return status;
}

}  // namespace

Reporter::Reporter(uint32_t status_interval_s, bool progress_on_terminal)
    : progress_on_terminal_(progress_on_terminal) {
  const TimePoint now = SteadyClock::now();
  if (status_interval_s > 0) {
    status_every_ = std::chrono::seconds(status_interval_s);
    status_due_ = now + *status_every_;
  }
  progress_due_ = now + kProgressEvery;
  look_due_ = now + kLookEvery;
  last_copy_.at = now;
  last_status_.at = now;
  last_progress_.at = now;
}

Reporter::~Reporter() {
  if (progress_on_terminal_) {
    observe::clear_live_line();
  }
}

void Reporter::log(output::Level level, const std::string& text) {
  switch (level) {
    case output::Level::debug:
      return observe::log_debug(text);
    case output::Level::info:
      return observe::log_info(text);
    case output::Level::warning:
      return observe::log_warning(text);
    case output::Level::error:
      return observe::log_error(text);
  }
}

std::optional<TimePoint> Reporter::due() const {
  TimePoint next = look_due_;
  if (status_every_) {
    next = std::min(next, status_due_);
  }
  if (progress_on_terminal_) {
    next = std::min(next, progress_due_);
  }
  return next;
}

void Reporter::report_if_due(TimePoint now, const Engine& engine) {
  if (status_every_ && now >= status_due_) {
    report(now, engine);
    status_due_ = now + *status_every_;
  }
  if (now >= look_due_) {
    EngineStatus status = status_at(now, engine);
    look(status);
    report_copy(now, std::move(status));
    look_due_ = now + kLookEvery;
  }
  if (progress_on_terminal_ && now >= progress_due_) {
    show_progress(now, engine);
    progress_due_ = now + kProgressEvery;
  }
}

void Reporter::look(const EngineStatus& status) {
  if (const std::string line = watch_.look(status); !line.empty()) {
    log(watch_.stalled().empty() ? output::Level::info : output::Level::warning, line);
  }
}

void Reporter::report(TimePoint now, const Engine& engine) {
  EngineStatus status = status_at(now, engine);
  look(status);
  log(output::Level::info,
      observe::status_line(last_status_.status, status, seconds_between(last_status_.at, now), wall_ms(),
                           watch_.stalled()));
  last_status_ = {.at = now, .status = std::move(status)};
}

// While there is a copy.
void Reporter::report_copy(TimePoint now, EngineStatus status) {
  if (status.copy) {
    const CopyProgress before = last_copy_.status.copy.value_or(CopyProgress{});
    const auto pace = observe::copy_pace(before, *status.copy, seconds_between(last_copy_.at, now));
    log(output::Level::info, observe::copy_log_line(*status.copy, pace));
  }
  last_copy_ = {.at = now, .status = std::move(status)};
}

void Reporter::show_progress(TimePoint now, const Engine& engine) {
  EngineStatus status = status_at(now, engine);
  const double interval_s = seconds_between(last_progress_.at, now);
  const std::string line =
      status.copy ? observe::copy_progress_line(
                        *status.copy, observe::copy_pace(last_progress_.status.copy.value_or(CopyProgress{}),
                                                         *status.copy, interval_s))
                  : observe::progress_line(last_progress_.status, status, interval_s, wall_ms(),
                                           !watch_.stalled().empty());
  observe::show_live_line(line);
  last_progress_ = {.at = now, .status = std::move(status)};
}

}  // namespace ddsync::runtime
