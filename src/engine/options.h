// What the engine is told once, at its start.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/ids.h"
#include "engine/namespace.h"

namespace ddsync {

enum class OnError : uint8_t { stop, quarantine };

struct EngineOptions {
  std::vector<WatchScope> streams;  // index = StreamId; their scopes do not overlap
  NamespaceFilter filter;
  // The durable state that this run continues from; streams that it does not name start from now.
  Checkpoint resume_from;

  uint32_t writers = 8;
  uint64_t memory_bytes_max = 256u << 20;  // events held; past it the readers pause
  uint32_t persist_interval = 10;          // applied changes that may be unpersisted while running
  OnError on_error = OnError::stop;

  uint32_t batch_operations_max = 2'000;  // below the target's own limits
  uint64_t batch_bytes_max = 4u << 20;
  Duration backoff_min = Duration::milliseconds(50);
  Duration backoff_max = Duration::seconds(5);
  // Longest time that a write can be under way after its outcome became unknown (server limit + proxies).
  Duration late_write_max = Duration::seconds(150);
  Duration stop_grace = Duration::seconds(15);  // Kubernetes kills after 30 s
  uint64_t seed = 1;                            // for the jitter of backoffs
};

}  // namespace ddsync
