// Notices what is alive and makes no progress (DESIGN invariant 12): changes that wait, in memory or in the
// spool, and are not applied, a source, a target or a disk that does not answer. Thread-safety: none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/status.h"

namespace ddsync::observe {

class ProgressWatch {
 public:
  // A look at the present state; wants to be called every few seconds. `status.now` is now.
  // Gives a line for the log, or none: once when something begins to stand still, now and then while it does,
  // and when nothing does any more.
  std::string look(const EngineStatus& status);

  // What stood still at the last look: "shop.orders (no change applied for 75 s, 12 wait)".
  const std::vector<std::string>& stalled() const { return stalled_; }

 private:
  struct Seen {
    uint64_t watermark = 0;
    uint64_t applied = 0;
    uint64_t spooled = 0;
    Instant since;       // it was there first, or nothing waited
    Instant read_since;  // before it was not read, and could not answer
  };

  void look_at(const StreamStatus& stream, Seen& seen, Instant now);
  // `what`, as far as "for 80 s)", has been waited for since `since`; 0 = nobody waits.
  void look_at_answer(const char* what, Instant since, Instant now);

  std::vector<Seen> seen_;
  std::vector<std::string> stalled_;
  size_t said_ = 0;  // how many stood still when that was said last; 0 = nothing
  Instant say_again_at_;
};

// Some of them, for a line that shall not grow without end.
std::string some_stalled(const std::vector<std::string>& stalled);

}  // namespace ddsync::observe
