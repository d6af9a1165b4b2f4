// Tells people how it goes: the engine's notices, a status line now and then, a live line on a terminal.
// Thread-safety: the engine's thread only.
#pragma once

#include <optional>
#include <string>

#include "engine/engine.h"
#include "observe/progress_watch.h"
#include "runtime/clock.h"

namespace ddsync::runtime {

class Reporter {
 public:
  // `status_interval_s` 0: no status line but on demand.
  Reporter(uint32_t status_interval_s, bool progress_on_terminal);
  ~Reporter();  // leaves the terminal's line clean
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  void log(output::Level level, const std::string& text);

  // When report_if_due is wanted next.
  std::optional<TimePoint> due() const;
  void report_if_due(TimePoint now, const Engine& engine);
  // A status line now: asked for by a signal, or at the end.
  void report(TimePoint now, const Engine& engine);

 private:
  // A snapshot, and when it was taken: rates are over the time since.
  struct Since {
    TimePoint at;
    EngineStatus status;
  };

  void look(const EngineStatus& status);
  void report_copy(TimePoint now, EngineStatus status);
  void show_progress(TimePoint now, const Engine& engine);

  std::optional<SteadyClock::duration> status_every_;
  bool progress_on_terminal_;
  TimePoint status_due_;
  TimePoint progress_due_;
  TimePoint look_due_;
  Since last_copy_;
  Since last_status_;
  Since last_progress_;
  observe::ProgressWatch watch_;
};

}  // namespace ddsync::runtime
