// The world's randomness: one generator, one seed; the same run on every machine.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/ids.h"
#include "engine/rng.h"

namespace ddsync::sim {

class Random {
 public:
  explicit Random(uint64_t seed) : rng_(seed * 0x9E3779B97F4A7C15u + 0x2545F4914F6CDD1Du) {}

  uint64_t next() { return rng_.next(); }
  uint64_t below(uint64_t limit) { return next() % limit; }
  int64_t between(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(below(static_cast<uint64_t>(most - least + 1)));
  }
  uint32_t between_u32(uint32_t least, uint32_t most) {
    return least + static_cast<uint32_t>(below(most - least + 1));
  }
  bool permille(uint32_t chance) { return below(1000) < chance; }
  bool percent(uint32_t chance) { return below(100) < chance; }
  Duration milliseconds(int64_t least, int64_t most) { return {between(least * 1000, most * 1000)}; }

  template <typename T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

 private:
  Rng rng_;
};

}  // namespace ddsync::sim
