#include "runtime/accept_gap.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ddsync::runtime {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string not_a_gap(const std::vector<std::string>& unknown, const std::vector<std::string>& present) {
  return fmt::format(
      "--accept-gap: {} is not in a gap; {}", fmt::join(unknown, ", "),
      present.empty() ? "no stream is" : fmt::format("these are: {}", fmt::join(present, ", ")));
}

}  // namespace

std::vector<std::string> gaps(const Checkpoint& checkpoint) {
  std::vector<std::string> scopes;
  for (const StreamCheckpoint& stream : checkpoint.streams) {
    if (!stream.gap_reason.empty()) {
      scopes.push_back(stream.scope);
    }
  }
  return scopes;
}

tl::expected<std::vector<std::string>, std::string> accept_gaps(Checkpoint& checkpoint,
                                                                const std::vector<std::string>& accepted) {
  const std::vector<std::string> present = gaps(checkpoint);
  std::vector<std::string> unknown;
  std::copy_if(accepted.begin(), accepted.end(), std::back_inserter(unknown),
               [&](const std::string& name) { return name != "all" && !contains(present, name); });
  if (!unknown.empty()) {
    return tl::unexpected(not_a_gap(unknown, present));
  }
  const std::vector<std::string>& ended = contains(accepted, "all") ? present : accepted;
  std::erase_if(checkpoint.streams,
                [&](const StreamCheckpoint& stream) { return contains(ended, stream.scope); });
  // Its copy needs what the stream told since it began.
  std::erase_if(checkpoint.copies, [&](const CollectionLeft& left) { return contains(ended, left.stream); });
  return ended;
}

}  // namespace ddsync::runtime
