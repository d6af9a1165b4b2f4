// The engine: decides everything and does nothing. A deterministic state machine, inputs -> outputs:
// the same options and the same sequence of (time, input) always give the same outputs.
//
// Guarantees (numbers: the invariants of docs/architecture.md):
//  - a checkpoint never covers an event that the target has not acknowledged, unless it is durably
//  quarantined (1);
//  - operations on one key reach the target in stream order, at most one of them in flight (2);
//  - no event is read before its stream's start position is durable (4);
//  - schema changes run alone, after all that came before is acknowledged and durable (7).
//
// Thread-safety: none; one thread drives it. Errors: inputs never throw; a broken invariant aborts.
#pragma once

#include <memory>

#include "engine/input.h"
#include "engine/options.h"
#include "engine/output.h"
#include "engine/status.h"

namespace ddsync {

class Engine {
 public:
  explicit Engine(EngineOptions options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Takes one input at time `now` (never earlier than the call before) and appends what is to be done.
  void step(Instant now, Input&& input, Outputs& outputs);

  // No more inputs are needed: Finished was given.
  bool finished() const;

  EngineStatus status() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace ddsync
