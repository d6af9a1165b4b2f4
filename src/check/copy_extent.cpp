#include "check/copy_extent.h"

#include <algorithm>

#include "check/saved_streams.h"

namespace ddsync::check {
namespace {

bool is_under_way(const StreamCheckpoint& stream) {
  return stream.copy == StreamCopy::copying || stream.copy == StreamCopy::catching_up;
}

bool begins(const StreamCheckpoint& stream, config::InitialSyncMode mode) {
  if (!stream.gap_reason.empty()) return false;
  if (stream.copy == StreamCopy::planning) return true;
  const bool has_start = stream.position.known() || stream.spool_next != stream.spool_end;
  if (is_under_way(stream)) return !has_start;
  return mode == config::InitialSyncMode::always ||
         (mode == config::InitialSyncMode::automatic && !has_start);
}

}  // namespace

bool CopyExtent::copies(const Namespace& ns) const {
  return std::any_of(begun.begin(), begun.end(),
                     [&](const WatchScope& scope) { return scope.contains(ns.database, ns.collection); });
}

std::optional<CopyExtent> copy_extent(const config::Config& config,
                                      const std::optional<Checkpoint>& checkpoint) {
  const auto streams = config::plan_streams(config, saved_scopes(checkpoint));
  if (!streams) return std::nullopt;
  CopyExtent extent;
  for (const WatchScope& scope : *streams) {
    const StreamCheckpoint stream = saved_stream(checkpoint, scope.name());
    if (begins(stream, config.initial_sync.mode))
      extent.begun.push_back(scope);
    else if (is_under_way(stream))
      extent.goes_on = true;
  }
  return extent;
}

}  // namespace ddsync::check
