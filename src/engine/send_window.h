// How far behind the watermark the events of a stream may have been sent to the target.
//
// Of a process that was killed nobody knows what it had on its way, and a write may land after those of its
// successor (DESIGN invariant 14). So each checkpoint says how many events behind its position may be sent,
// none is sent before a checkpoint that says so is durable, and only these are compared after a kill, however
// many more wait at the source. Events are counted in the order of the stream, from the start of the process.
//
// A write that stands for several events of its key counts as the oldest of them: that one is read again
// after a kill, and makes the key suspect whatever version of it was sent. Thread-safety: none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace ddsync {

class SendWindow {
 public:
  // Without a call of open(): a window that is always open, for what is not an event of the source.
  SendWindow() = default;

  // `ahead`: how many events more than were sent a checkpoint allows at most. `inherited`: how many behind
  // the position an earlier process may have sent; none when it is not known.
  void open(uint64_t ahead, std::optional<uint64_t> inherited) {
    ahead_ = granted_ = ahead;
    inherited_end_ = inherited.value_or(kAll);
    durable_end_ = proposed_end_ = inherited.value_or(0);
  }

  // Otherwise it has to wait for the next checkpoint.
  bool allows(uint64_t event) const { return event < durable_end_; }
  // It is sent now, or shall be as soon as it may.
  void wants(uint64_t event) { needed_end_ = std::max(needed_end_, event + 1); }
  // Of several that have to wait, the first is wanted: each is offered, then want_offered().
  void offer(uint64_t event) { offered_ = std::min(offered_, event); }
  void want_offered() {
    if (offered_ != kAll) wants(std::exchange(offered_, kAll));
  }
  // Half of what was allowed last is used: time for a checkpoint.
  bool narrow() const { return ahead_ > 0 && needed_end_ + granted_ / 2 >= proposed_end_; }

  // For the checkpoint that is built now: how many events behind number `restart`, where the next process
  // begins, may be sent. None when everything may have been sent before this process. `passed`: by the
  // watermark. `waiting`: events that there are to send; a quiet stream needs few.
  std::optional<uint64_t> propose(uint64_t restart, uint64_t passed, uint64_t waiting) {
    granted_ =
        std::clamp(waiting, std::max<uint64_t>(1, ahead_ / kQuietOneIn), std::max<uint64_t>(1, ahead_));
    if (ahead_ > 0) proposed_end_ = std::max(std::max(needed_end_, passed) + granted_, durable_end_);
    if (inherited_end_ == kAll) return std::nullopt;
    return std::max({proposed_end_, inherited_end_, restart}) - restart;
  }
  void on_durable() { durable_end_ = proposed_end_; }

  bool maybe_sent_before(uint64_t event) const { return event < inherited_end_; }
  // Of the first `added` events not all come from what an earlier process may have sent: more of that
  // follows.
  bool inherits_behind(uint64_t added) const { return inherited_end_ > added; }
  // Nothing that an earlier process sent is still to come.
  void inherited_is_over() { inherited_end_ = 0; }
  // `events` of those that were counted come again.
  void read_again(uint64_t events) {
    if (inherited_end_ != kAll && inherited_end_ > 0) inherited_end_ += events;
  }

 private:
  static constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();
  static constexpr uint64_t kQuietOneIn = 16;

  uint64_t ahead_ = 0;
  uint64_t granted_ = 0;  // by the last proposal
  uint64_t inherited_end_ = 0;
  uint64_t needed_end_ = 0;  // behind the last event that was sent, or is to be sent
  uint64_t offered_ = kAll;
  uint64_t proposed_end_ = kAll;
  uint64_t durable_end_ = kAll;
};

}  // namespace ddsync
