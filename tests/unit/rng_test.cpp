// The pauses between tries.
#include "engine/rng.h"

#include <gtest/gtest.h>

#include <set>

namespace ddsync {
namespace {

constexpr Duration kLeast = Duration::milliseconds(250);
constexpr Duration kMost = Duration::seconds(5);

TEST(Backoff, GrowsToItsBoundAndIsNeverLessThanHalfOfItsStep) {
  Rng rng(1);
  for (uint32_t attempt = 1; attempt < 100; ++attempt) {
    const int64_t step_us = attempt < 6 ? kLeast.us << (attempt - 1) : kMost.us;
    const Duration pause = rng.backoff(kLeast, kMost, attempt);
    EXPECT_LE(pause.us, step_us);
    EXPECT_GE(pause.us, step_us / 2);
  }
}

TEST(Backoff, OfManyClientsDoesNotMarchInStep) {
  std::set<int64_t> pauses;
  for (uint64_t seed = 0; seed < 100; ++seed) pauses.insert(Rng(seed).backoff(kLeast, kMost, 10).us);
  EXPECT_GT(pauses.size(), 95U);
}

}  // namespace
}  // namespace ddsync
