// The status for people: one line in the log, one live line on a terminal.
#pragma once

#include <string>
#include <vector>

#include "engine/status.h"

namespace ddsync::observe {

// What changed between two snapshots, taken `interval_s` apart; `wall_ms` is now on the wall clock.
// "status: state=live applied=12345 rate=67.8/s lag=0.2s backlog=12 insert=7 update=5 errors=0 retries=0 ..."
// Streams that are not live follow with their state and the reason.
// `stalled`: what makes no progress (ProgressWatch).
std::string status_line(const EngineStatus& before, const EngineStatus& now, double interval_s,
                        int64_t wall_ms, const std::vector<std::string>& stalled = {});

// Shorter, fits 100 columns, for a terminal: "live | 1 234/s | lag 0.2 s | backlog 12 | 56 789 applied | 0
// errors"
std::string progress_line(const EngineStatus& before, const EngineStatus& now, double interval_s,
                          int64_t wall_ms, bool stalled = false);

// The age of the oldest change that was read and is not applied: by the source's wall clock, but never less
// than the time since it was received (clocks differ; DocumentDB may not tell). A stream whose source is away
// or silent counts with the time since its last answer: what happened there meanwhile is not known here.
double lag_seconds(const EngineStatus& status, int64_t wall_ms);

}  // namespace ddsync::observe
