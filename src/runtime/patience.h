// How long something that asks for every collection or database may take before it gives up.
#pragma once

#include "runtime/clock.h"

namespace ddsync::runtime {

class Patience {
 public:
  explicit Patience(std::chrono::seconds most) : until_(SteadyClock::now() + most) {}

  bool is_over() const { return SteadyClock::now() >= until_; }
  void end() { until_ = SteadyClock::now(); }

 private:
  TimePoint until_;
};

}  // namespace ddsync::runtime
