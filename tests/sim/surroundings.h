// What the simulated servers and the disk share: time, chance, and the way back to the engine.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "engine/input.h"
#include "sim/profile.h"
#include "sim/random.h"
#include "sim/scheduler.h"
#include "sim/trace.h"

namespace ddsync::sim {

struct Surroundings {
  const Profile& profile;
  Random& random;
  Scheduler& time;
  Trace& trace;
  bool storm = true;  // faults happen
  uint64_t life = 0;  // of the process under test: what was meant for an earlier one reaches nobody
  std::function<void(Input&&)> give = {};

  // What is watched now.
  const NamespaceFilter& filter() const {
    return life < profile.grows_in_life ? profile.filter_at_first : profile.engine.filter;
  }

  bool happens(uint32_t permille) { return storm && random.permille(permille); }

  // Runs unless the process has died meanwhile.
  template <typename Action>
  void later(Duration delay, Action action) {
    time.after(delay, [this, of_life = life, action = std::move(action)]() mutable {
      if (of_life == life) action();
    });
  }
  void answer(Duration delay, Input input) {
    later(delay, [this, held = std::make_shared<Input>(std::move(input))] { give(std::move(*held)); });
  }
};

// Times of trouble of one server: nothing gets through.
class Outages {
 public:
  void plan(Surroundings& around, uint32_t count, Duration within);
  bool now(const Surroundings& around) const { return around.storm && around.time.now() < until_; }

 private:
  Instant until_;
};

}  // namespace ddsync::sim
