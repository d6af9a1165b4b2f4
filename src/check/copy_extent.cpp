#include "check/copy_extent.h"

#include <algorithm>

#include "engine/copy_start.h"

namespace ddsync::check {
namespace {

bool any_holds(const std::vector<CopyBegun>& parts, const Namespace& ns) {
  return std::any_of(parts.begin(), parts.end(), [&](const CopyBegun& one) {
    return one.stream.contains(ns.database, ns.collection) &&
           one.collections.contains(ns.database, ns.collection);
  });
}

}  // namespace

bool CopyExtent::copies(const Namespace& ns) const { return any_holds(begun, ns); }
bool CopyExtent::leaves_out(const Namespace& ns) const { return any_holds(left_out, ns); }
bool CopyExtent::goes_on_with(const Namespace& ns) const { return any_holds(going_on, ns); }
bool CopyExtent::only_follows(const Namespace& ns) const {
  return !copies(ns) && !leaves_out(ns) && !goes_on_with(ns);
}

std::optional<CopyExtent> copy_extent(const config::Config& config,
                                      const std::optional<Checkpoint>& checkpoint) {
  const Checkpoint state = checkpoint.value_or(Checkpoint());
  const auto streams = config::plan_streams(config, state.scopes());
  if (!streams) return std::nullopt;
  const NamespaceFilter filter(config.watch, config.exclude);
  const CopyMode mode = config.initial_sync.mode;
  CopyExtent extent;
  for (const WatchScope& scope : *streams) {
    const StreamCheckpoint stream = state.stream(scope.name());
    const auto covered = state.covered(scope.name());
    const bool has_start = stream.position.known() || stream.spooled();
    if (is_under_way(stream.copy) && has_start) extent.going_on.push_back({scope, filter});
    if (!stream.gap_reason.empty()) continue;
    switch (copy_at_start(mode, stream.copy, has_start, covered != nullptr)) {
      case CopyAtStart::all:
        extent.begun.push_back({scope, filter});
        break;
      case CopyAtStart::added:
        if (!filter.within(scope).added_to(*covered).empty())
          (mode == CopyMode::off ? extent.left_out : extent.begun)
              .push_back({scope, filter.without(covered)});
        break;
      case CopyAtStart::nothing:
        break;
    }
  }
  return extent;
}

}  // namespace ddsync::check
