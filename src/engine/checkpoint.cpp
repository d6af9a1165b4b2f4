#include "engine/checkpoint.h"

#include <algorithm>
#include <functional>

namespace ddsync {

StreamCheckpoint Checkpoint::stream(const std::string& scope) const {
  for (const StreamCheckpoint& one : streams)
    if (one.scope == scope) return one;
  StreamCheckpoint none;
  none.scope = scope;
  return none;
}

std::vector<std::string> Checkpoint::scopes() const {
  std::vector<std::string> names;
  names.reserve(streams.size());
  for (const StreamCheckpoint& one : streams) names.push_back(one.scope);
  return names;
}

bool Checkpoint::any_spooled() const {
  return std::any_of(streams.begin(), streams.end(), std::mem_fn(&StreamCheckpoint::spooled));
}

std::shared_ptr<const NamespaceFilter> Checkpoint::covered(const std::string& scope) const {
  for (const WatchedBefore& one : watched)
    if (one.stream == scope) return one.filter;
  return nullptr;
}

}  // namespace ddsync
