#include "runtime/reporter.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string_view>

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

// The terminal's live line goes around the log: it is replaced in place and is no record of anything.
void write_to_terminal(std::string_view text) {
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
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

Reporter::~Reporter() { clear_progress(); }

void Reporter::log(output::Level level, const std::string& text) {
  clear_progress();
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
  observe::flush_log();
  write_to_terminal("\r" + line + "\x1b[K");
  progress_shown_ = true;
  last_progress_ = {.at = now, .status = std::move(status)};
}

void Reporter::clear_progress() {
  if (progress_shown_) {
    write_to_terminal("\r\x1b[K");
    progress_shown_ = false;
  }
}

}  // namespace ddsync::runtime
