// Strong types for what must not be mixed.
#pragma once

#include <compare>
#include <cstdint>

namespace ddsync {

struct StreamId {
  uint32_t value = 0;
  friend auto operator<=>(StreamId, StreamId) = default;
};

struct WriterId {
  uint32_t value = 0;
  friend auto operator<=>(WriterId, WriterId) = default;
};

// One of the connections that read documents to copy.
struct ReaderId {
  uint32_t value = 0;
  friend auto operator<=>(ReaderId, ReaderId) = default;
};

struct BatchId {
  uint64_t value = 0;
  friend auto operator<=>(BatchId, BatchId) = default;
};

// A point on the monotonic clock of the runtime (or the virtual clock of the simulator), in microseconds.
struct Instant {
  int64_t us = 0;
  friend auto operator<=>(Instant, Instant) = default;
};

struct Duration {
  int64_t us = 0;
  static constexpr Duration milliseconds(int64_t ms) { return {ms * 1000}; }
  static constexpr Duration seconds(int64_t s) { return {s * 1'000'000}; }
  friend auto operator<=>(Duration, Duration) = default;
};

inline Instant operator+(Instant t, Duration d) { return {t.us + d.us}; }
inline Duration operator-(Instant a, Instant b) { return {a.us - b.us}; }

// Of two times at which something is wished; 0 = none.
inline Instant sooner(Instant a, Instant b) {
  if (a == Instant{} || b == Instant{}) return a == Instant{} ? b : a;
  return a < b ? a : b;
}

}  // namespace ddsync
