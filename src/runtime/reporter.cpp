#include "runtime/reporter.h"

#include <algorithm>
#include <chrono>

#include "observe/log.h"
#include "observe/status_line.h"

namespace ddsync::runtime {
namespace {

constexpr std::chrono::seconds kProgressEvery{1};

int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

double seconds_between(TimePoint from, TimePoint to) {
  return std::chrono::duration<double>(to - from).count();
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
  if (progress_on_terminal_) {
    return status_every_ ? std::min(status_due_, progress_due_) : progress_due_;
  }
  return status_every_ ? std::optional(status_due_) : std::nullopt;
}

void Reporter::report_if_due(TimePoint now, const Engine& engine) {
  if (status_every_ && now >= status_due_) {
    report(now, engine);
    status_due_ = now + *status_every_;
  }
  if (progress_on_terminal_ && now >= progress_due_) {
    show_progress(now, engine);
    progress_due_ = now + kProgressEvery;
  }
}

void Reporter::report(TimePoint now, const Engine& engine) {
  EngineStatus status = engine.status();
  log(output::Level::info,
      observe::status_line(last_status_.status, status, seconds_between(last_status_.at, now), wall_ms()));
  last_status_ = {.at = now, .status = std::move(status)};
}

void Reporter::show_progress(TimePoint now, const Engine& engine) {
  EngineStatus status = engine.status();
  const std::string line = observe::progress_line(last_progress_.status, status,
                                                  seconds_between(last_progress_.at, now), wall_ms());
  observe::show_live_line(line);
  last_progress_ = {.at = now, .status = std::move(status)};
}

}  // namespace ddsync::runtime
