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

// Only what is added to it is copied, if anything.
bool goes_on_covering(const StreamCheckpoint& stream, config::InitialSyncMode mode) {
  const bool all_again = mode == config::InitialSyncMode::always && !is_under_way(stream);
  return has_start(stream) && stream.gap_reason.empty() && !all_again;
}

bool any_holds(const std::vector<CopyBegun>& parts, const Namespace& ns) {
  return std::any_of(parts.begin(), parts.end(), [&](const CopyBegun& one) {
    return one.stream.contains(ns.database, ns.collection) &&
           one.collections.contains(ns.database, ns.collection);
  });
}

}  // namespace

bool CopyExtent::copies(const Namespace& ns) const { return any_holds(begun, ns); }
bool CopyExtent::leaves_out(const Namespace& ns) const { return any_holds(left_out, ns); }

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
    if (is_under_way(stream) && has_start(stream)) extent.goes_on = true;
    if (goes_on_covering(stream, config.initial_sync.mode) && covered) {
      if (filter.within(scope).added_to(*covered).empty()) continue;
      const bool copied = config.initial_sync.mode != config::InitialSyncMode::off;
      (copied ? extent.begun : extent.left_out).push_back({scope, filter.without(covered)});
    } else if (begins(stream, config.initial_sync.mode)) {
      extent.begun.push_back({scope, filter});
    }
  }
  return extent;
}

}  // namespace ddsync::check
