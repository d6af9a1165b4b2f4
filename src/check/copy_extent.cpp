#include "check/copy_extent.h"

#include <algorithm>

namespace ddsync::check {
namespace {

bool is_under_way(const StreamCheckpoint& stream) {
  return stream.copy == StreamCopy::copying || stream.copy == StreamCopy::catching_up;
}

bool has_start(const StreamCheckpoint& stream) {
  return stream.position.known() || stream.spool_next != stream.spool_end;
}

bool begins(const StreamCheckpoint& stream, config::InitialSyncMode mode) {
  if (!stream.gap_reason.empty()) return false;
  if (stream.copy == StreamCopy::planning) return true;
  if (is_under_way(stream)) return !has_start(stream);
  return mode == config::InitialSyncMode::always ||
         (mode == config::InitialSyncMode::automatic && !has_start(stream));
}

}  // namespace

bool CopyExtent::copies(const Namespace& ns) const {
  return std::any_of(begun.begin(), begun.end(), [&](const CopyBegun& one) {
    return one.stream.contains(ns.database, ns.collection) &&
           one.collections.contains(ns.database, ns.collection);
  });
}

std::optional<CopyExtent> copy_extent(const config::Config& config,
                                      const std::optional<Checkpoint>& checkpoint) {
  const Checkpoint state = checkpoint.value_or(Checkpoint());
  const auto streams = config::plan_streams(config, state.scopes());
  if (!streams) return std::nullopt;
  const NamespaceFilter filter(config.watch, config.exclude);
  CopyExtent extent;
  for (const WatchScope& scope : *streams) {
    const StreamCheckpoint stream = state.stream(scope.name());
    const auto covered = state.covered(scope.name());
    if (begins(stream, config.initial_sync.mode)) {
      extent.begun.push_back({scope, stream.copy == StreamCopy::planning && has_start(stream)
                                         ? filter.without(covered)
                                         : filter});
      continue;
    }
    if (is_under_way(stream)) extent.goes_on = true;
    const bool adds =
        covered && !filter.within(scope).added_to(*covered).empty() && stream.gap_reason.empty();
    if (adds && config.initial_sync.mode != config::InitialSyncMode::off)
      extent.begun.push_back({scope, filter.without(covered)});
  }
  return extent;
}

}  // namespace ddsync::check
