// Virtual time: what is due next, in the order of time; of equal times the one that was scheduled first.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "engine/ids.h"

namespace ddsync::sim {

class Scheduler {
 public:
  explicit Scheduler(Instant start) : now_(start) {}

  Instant now() const { return now_; }
  void at(Instant time, std::function<void()> action) {
    queue_.push({time < now_ ? now_ : time, ++order_, std::move(action)});
  }
  void after(Duration delay, std::function<void()> action) { at(now_ + delay, std::move(action)); }

  bool empty() const { return queue_.empty(); }
  void run_next() {
    // A priority_queue gives only const access to its top; the action leaves before the pop.
    auto action = std::move(const_cast<Due&>(queue_.top()).action);
    now_ = queue_.top().time;
    queue_.pop();
    action();
  }

 private:
  struct Due {
    Instant time;
    uint64_t order;
    std::function<void()> action;
    bool operator<(const Due& other) const {
      return time != other.time ? time > other.time : order > other.order;
    }
  };
  Instant now_;
  uint64_t order_ = 0;
  std::priority_queue<Due> queue_;
};

}  // namespace ddsync::sim
