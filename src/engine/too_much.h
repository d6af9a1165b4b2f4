// A server that is healthy and slow: what was asked for did not fit into the time or the memory that there
// was. Asked for again as it was, it never will.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/error.h"
#include "engine/ids.h"

namespace ddsync {

// A connection that is cut loses commands of any age, most of them younger.
inline constexpr Duration kTookLong = Duration::seconds(2);

// The next time less is to be asked for. `took`: since it was sent.
inline bool was_too_much(const Error& error, Duration took) {
  constexpr int kExceededMemoryLimit = 146;
  if (error.code == kMaxTimeExpired || error.code == kExceededMemoryLimit) return true;
  const bool unanswered = error.code == kErrorNetwork || error.outcome_unknown;
  return unanswered && took >= kTookLong;
}

// How much of something is asked for at once: all that is wanted until that was too much, then half of it and
// an eighth more with every answer.
class Portion {
 public:
  uint64_t of(uint64_t wanted) const { return most_ == 0 ? wanted : std::min(wanted, most_); }
  void too_much(uint64_t asked) { most_ = std::max<uint64_t>(1, asked / 2); }
  // `enough`: more is never wanted.
  void answered(uint64_t asked, uint64_t enough) {
    if (most_ > 0) most_ = std::max(most_, asked + 1 + asked / kGrowsByOneIn);
    if (most_ >= enough) most_ = 0;
  }

 private:
  static constexpr uint64_t kGrowsByOneIn = 8;
  uint64_t most_ = 0;  // 0: no limit
};

}  // namespace ddsync
