// A queue of many producers and one consumer. The consumer takes everything that waits at once, so a busy
// consumer pays one lock for many items.
// Thread-safety: post, wake and close from any thread; take from one.
// Bound: what is in a mailbox is bounded by its users (one order in progress per stream and writer).
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/clock.h"

namespace ddsync::runtime {

template <typename T>
class Mailbox {
 public:
  void post(T&& item) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(item));
    }
    arrived_.notify_one();
  }

  // Ends the consumer's wait without an item.
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    arrived_.notify_one();
  }

  // No more items will come; those that wait are still taken.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_one();
  }

  // Puts all that waits into `items` (cleared first) in the order of arrival; waits for the first item, a
  // wake or the deadline. False when the mailbox is closed and empty.
  bool take(std::vector<T>& items, std::optional<TimePoint> deadline = std::nullopt) {
    items.clear();
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return !waiting_.empty() || woken_ || closed_; };
    if (deadline) {
      arrived_.wait_until(lock, *deadline, ready);
    } else {
      arrived_.wait(lock, ready);
    }
    woken_ = false;
    items.swap(waiting_);
    return !items.empty() || !closed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<T> waiting_;
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace ddsync::runtime
