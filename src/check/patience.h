// How long a check that asks for every collection may take before it gives up and says so.
#pragma once

#include <chrono>

namespace ddsync::check {

class Patience {
 public:
  bool is_over() const { return Clock::now() >= until_; }
  void end() { until_ = Clock::now(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point until_ = Clock::now() + std::chrono::seconds(20);
};

}  // namespace ddsync::check
