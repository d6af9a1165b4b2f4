#include "check/saved_streams.h"

namespace ddsync::check {

std::vector<std::string> saved_scopes(const std::optional<Checkpoint>& checkpoint) {
  std::vector<std::string> scopes;
  if (!checkpoint) return scopes;
  for (const StreamCheckpoint& stream : checkpoint->streams) scopes.push_back(stream.scope);
  return scopes;
}

StreamCheckpoint saved_stream(const std::optional<Checkpoint>& checkpoint, const std::string& scope) {
  if (!checkpoint) return {};
  for (const StreamCheckpoint& stream : checkpoint->streams)
    if (stream.scope == scope) return stream;
  return {};
}

}  // namespace ddsync::check
