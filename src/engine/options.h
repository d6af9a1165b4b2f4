// What the engine is told once, at its start.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/ids.h"
#include "engine/namespace.h"

namespace ddsync {

// What the spool holds of one stream when the process starts: entries first .. end-1.
struct SpoolContent {
  std::string scope;  // WatchScope::name()
  uint64_t first = 1;
  uint64_t end = 1;
  uint64_t bytes = 0;
  StreamPosition after;  // of the source, behind the last entry
};

enum class CopyMode : uint8_t {
  off,
  automatic,  // what has no durable position yet
  always,     // everything, at each start; a copy that was interrupted goes on
};

struct CopyOptions {
  CopyMode mode = CopyMode::off;
  bool only = false;  // end when everything is copied and the streams have caught up
  uint32_t readers = 4;
  uint64_t bytes_per_second_max = 0;  // read from the source; 0 = no limit
  uint64_t memory_bytes_max =
      12u << 20;                        // documents on their way; more does not make a copy faster (measured)
  uint64_t batch_bytes_max = 2u << 20;  // of one read, by the average size of the documents
  uint32_t batch_documents_max = 4'000;  // of one read
};

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

  uint64_t spool_bytes_max = 0;  // on disk, of all streams; 0 = there is no spool
  std::vector<SpoolContent> spool;
  // How long a stream may be kept from being read before its events go to the spool: the source's history
  // bounds how long it may wait.
  Duration spool_patience = Duration::seconds(30);

  CopyOptions copy;
  // Indexes that come and go at the source while its stream is live come and go on the target.
  bool carry_indexes = true;

  // Events of one stream that may be sent between two checkpoints, see send_window.h.
  uint64_t sent_ahead_max = 8'000;
  uint32_t batch_operations_max = 2'000;  // below the target's own limits
  uint64_t batch_bytes_max = 2u << 20;
  Duration backoff_min = Duration::milliseconds(50);
  Duration backoff_max = Duration::seconds(5);
  // Longest time that a write can be under way after its outcome became unknown (server limit + proxies).
  Duration late_write_max = Duration::seconds(400);
  Duration stop_grace = Duration::seconds(15);  // Kubernetes kills after 30 s
  uint64_t seed = 1;                            // for the jitter of backoffs
};

}  // namespace ddsync
