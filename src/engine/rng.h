// The engine's only randomness: seeded, the same on every machine (splitmix64).
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/ids.h"

namespace ddsync {

class Rng {
 public:
  explicit Rng(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    state_ += 0x9E3779B97F4A7C15u;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  // Exponential from `least`, never above `most`, with half of it random so that retries do not march in
  // step.
  Duration backoff(Duration least, Duration most, uint32_t attempt) {
    const int64_t doubled = least.us << std::min<uint32_t>(attempt == 0 ? 0 : attempt - 1, 20);
    const int64_t wait_us = std::min(most.us, doubled);
    return {wait_us / 2 + static_cast<int64_t>(next() % static_cast<uint64_t>(wait_us / 2 + 1))};
  }

 private:
  uint64_t state_;
};

}  // namespace ddsync
