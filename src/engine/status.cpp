#include "engine/status.h"

#include <utility>

#include "engine/core.h"

namespace ddsync {
namespace {

StreamStatus status_of(const Stream& stream) {
  StreamStatus status;
  status.scope = stream.scope.name();
  status.state = stream.state;
  status.detail = stream.detail;
  status.no_start_position = stream.start_durable && !stream.ledger.position().known();
  status.events_read = stream.events_read;
  status.events_applied = stream.events_read - stream.ledger.waiting();
  status.watermark = stream.ledger.passed();
  status.spooled_batches = stream.spool.left();
  status.last_answer = stream.last_answer;
  status.waiting_since = stream.ledger.waiting_since();
  status.waiting_wall_ms = stream.ledger.waiting_wall_ms();
  status.is_behind = stream.last_batch_full;
  if (!stream.last_batch_empty) status.newest_wall_ms = stream.newest_wall_ms;
  if (stream.full || !stream.spool.drained()) status.held_since = stream.waits_since;
  return status;
}

}  // namespace

std::string_view to_string(StreamState state) {
  switch (state) {
    case StreamState::opening:
      return "opening";
    case StreamState::securing_start:
      return "securing start";
    case StreamState::live:
      return "live";
    case StreamState::copying:
      return "copying";
    case StreamState::spooling:
      return "spooling";
    case StreamState::catching_up:
      return "catching up";
    case StreamState::paused:
      return "paused";
    case StreamState::barrier:
      return "schema change";
    case StreamState::reconnecting:
      return "reconnecting";
    case StreamState::waiting:
      return "waiting";
    case StreamState::gap:
      return "gap";
    case StreamState::closed:
      return "closed";
  }
  return "unknown";
}

std::string_view to_string(CopyPhase phase) {
  switch (phase) {
    case CopyPhase::checking:
      return "checking";
    case CopyPhase::copying:
      return "copying";
    case CopyPhase::catching_up:
      return "catching up";
    case CopyPhase::live:
      return "live";
  }
  return "unknown";
}

EngineStatus Engine::Core::status() const {
  EngineStatus status = shared_.counters;
  status.now = shared_.now;
  for (const Stream& stream : streams_.all()) status.streams.push_back(status_of(stream));
  status.stats = shared_.stats;
  status.stats.errors = shared_.options.resume_from.stats.errors + shared_.counters.errors;
  status.events_by_kind = intake_.events_by_kind();
  status.events_waiting = events_waiting();
  status.memory_bytes = held_bytes();
  copies_.fill(status);
  status.spool_bytes = streams_.spool_bytes();
  status.operations_set_aside = pending_.set_aside_count();
  status.suspects = suspects_.size();
  status.unproven_namespaces = suspects_.unproven_namespaces();
  status.unpersisted = checkpoints_.unpersisted();
  status.writers_busy = writers_.busy();
  status.writers_retrying = writers_.retrying();
  status.unanswered_since = writers_.unanswered_since();
  status.persisting_since = checkpoints_.waits_for_disk_since();
  status.last_write_error = writers_.last_error();
  status.watching = streams_.watching();
  status.ending = shared_.ending.has_value();
  return status;
}

}  // namespace ddsync
