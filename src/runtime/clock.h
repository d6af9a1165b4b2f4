// The clock of the runtime, and the engine's notion of it.
#pragma once

#include <chrono>

#include "engine/ids.h"

namespace ddsync::runtime {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

inline Instant to_instant(TimePoint time) {
  return {std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count()};
}

inline TimePoint to_time_point(Instant instant) { return TimePoint(std::chrono::microseconds(instant.us)); }

}  // namespace ddsync::runtime
