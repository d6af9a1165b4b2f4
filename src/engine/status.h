// A snapshot of the engine for people: status line, log, later HTTP and metrics.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/ids.h"

namespace ddsync {

enum class StreamState : uint8_t {
  opening,
  securing_start,
  live,
  copying,      // what the source held at the start is being copied; changes wait in the spool
  catching_up,  // changes are taken from the spool
  spooling,     // changes are kept in the spool: the target cannot take them now
  paused,
  barrier,
  reconnecting,
  waiting,
  gap,
  closed
};

std::string_view to_string(StreamState state);

struct StreamStatus {
  std::string scope;
  StreamState state = StreamState::opening;
  std::string detail;  // last error or reason, empty when fine
  // It is read, and neither the source gave a position nor was a change applied that has one: what happens
  // while the service is away is lost.
  bool no_start_position = false;
  uint64_t events_read = 0;
  uint64_t events_applied = 0;   // acknowledged, superseded or skipped
  uint64_t watermark = 0;        // events before the first one that is not applied
  uint64_t spooled_batches = 0;  // on disk, still to be taken out
  // When the source last answered, also with nothing; before its first answer: when it was first asked.
  Instant last_answer;
  Instant waiting_since;  // when the oldest event that waits was received, 0 = none waits
  // The source's wall clock at that event, 0 = none waits or not told.
  int64_t waiting_wall_ms = 0;
  // The source has more, as far as its last answer tells: that was all that was asked for.
  bool is_behind = false;
  // Its last answer was not empty, or what it brought waits in the spool: then the event that came out last
  // tells how far the target is. The source's wall clock at it; 0 = at the end, none yet or not told.
  int64_t newest_wall_ms = 0;
  Instant held_since;  // since when events have had to wait in the spool, or for memory; 0 = they need not
};

enum class CopyPhase : uint8_t {
  checking,  // what there is to copy is being listed; nothing is written before all of it is known
  copying,
  catching_up,
  live
};

std::string_view to_string(CopyPhase phase);

struct CollectionProgress {
  std::string ns;
  uint64_t documents_done = 0;
  uint64_t documents_total = 0;  // the source's estimate, 0 = not told
};

// Of the initial copy. Counts go over all its runs but for streams that had caught up before a restart.
// Totals are estimates of the source and may be passed.
struct CopyProgress {
  CopyPhase phase = CopyPhase::checking;
  uint64_t collections_done = 0;
  uint64_t collections_total = 0;
  uint64_t documents_done = 0;
  uint64_t documents_total = 0;  // 0 = not told
  uint64_t bytes_read = 0;       // in this run
  uint64_t errors = 0;
  std::vector<CollectionProgress> current;  // being copied, the largest first
};

struct EngineStatus {
  Instant now;  // of the engine's last step
  std::vector<StreamStatus> streams;
  SyncStats stats;  // totals, earlier runs included
  uint64_t events_read = 0;
  uint64_t events_applied = 0;
  uint64_t events_superseded = 0;  // coalesced: covered by a later write of the same key
  uint64_t events_skipped = 0;     // updates whose document is gone (a delete follows), out of scope
  uint64_t events_quarantined = 0;
  uint64_t documents_repaired = 0;  // found different after a write of unknown outcome
  uint64_t documents_copied = 0;    // by the initial copy, in this run
  std::map<std::string, uint64_t> events_by_kind;
  uint64_t events_waiting = 0;  // read, not yet acknowledged
  uint64_t memory_bytes = 0;
  uint64_t copy_collections_left = 0;
  uint64_t indexes_left = 0;          // collections whose indexes wait to be built, or are being built
  uint64_t indexes_refused = 0;       // collections that lack some: the target refused them, in this run
  uint64_t spool_bytes = 0;           // on disk
  uint64_t operations_set_aside = 0;  // duplicates on secondary unique indexes
  uint64_t suspects = 0;              // keys not proven (unknown write outcome)
  uint64_t unproven_namespaces = 0;
  uint64_t write_batches = 0;
  uint64_t write_retries = 0;
  uint64_t stream_reopens = 0;
  uint64_t errors = 0;
  uint64_t checkpoints = 0;
  uint64_t unpersisted = 0;
  uint32_t writers_busy = 0;
  uint32_t writers_retrying = 0;
  Instant unanswered_since;      // when the oldest write that the target has not answered was sent, 0 = none
  Instant persisting_since;      // since when the disk has not taken the state, 0 = it is not being asked
  std::string last_write_error;  // empty when the last write went well
  bool watching = false;
  bool ending = false;
  std::optional<CopyProgress> copy;  // nothing: no copy in this run
};

}  // namespace ddsync
