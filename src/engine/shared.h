// What the parts of the engine have in common during one step.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/ledger.h"
#include "engine/options.h"
#include "engine/output.h"
#include "engine/rng.h"
#include "engine/status.h"
#include "engine/too_much.h"

namespace ddsync {

// Why and until when the engine is ending.
struct Ending {
  output::StopReason reason = output::StopReason::requested;
  std::string text;
  Instant deadline;              // in-flight writes are waited for until then
  bool unknown_settled = false;  // writes of unknown outcome are among the suspects
};

struct Shared {
  explicit Shared(EngineOptions given)
      : options(std::move(given)), rng(options.seed), stats(options.resume_from.stats) {}

  EngineOptions options;
  Instant now;
  Outputs* outputs = nullptr;
  Rng rng;
  TargetLimits limits;
  bool target_ready = false;
  std::optional<Ending> ending;

  SyncStats stats;
  EngineStatus counters;  // the counting fields only; the rest is filled in when asked for

  template <typename T>
  void emit(T&& output) {
    outputs->emplace_back(std::forward<T>(output));
  }
  void notice(output::Level level, std::string text) { emit(output::Notice{level, std::move(text)}); }

  // Of what is tried again and again: the first try is said, and then every so many.
  static bool is_said(uint32_t attempt) { return attempt == 1 || attempt % 20 == 0; }

  Duration backoff(uint32_t attempt) {
    return rng.backoff(options.backoff_min, options.backoff_max, attempt);
  }
  // The same, for what took so long: those that share a slow line and are cut off together would begin again
  // together, for ever.
  Duration backoff(uint32_t attempt, Duration took) {
    const Duration pause = backoff(attempt);
    if (attempt < kInStepAttempts || took < kTookLong) return pause;
    return std::max(pause, Duration{static_cast<int64_t>(rng.next() % static_cast<uint64_t>(took.us))});
  }

  static constexpr uint32_t kInStepAttempts = 3;

  // The first reason wins.
  void end(output::StopReason reason, std::string text) {
    if (!ending) ending = Ending{reason, std::move(text), now + options.stop_grace};
  }
};

}  // namespace ddsync
