#include "runtime/watch_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "observe/log.h"

namespace ddsync::runtime {
namespace {

constexpr ptrdiff_t kNamesMax = 5;

std::string list_of(const std::vector<std::string>& names) {
  const auto shown = std::min(std::ssize(names), kNamesMax);
  std::string list = fmt::format("{}", fmt::join(names.begin(), names.begin() + shown, ", "));
  if (std::ssize(names) > shown) {
    list += fmt::format(" and {} more", std::ssize(names) - shown);
  }
  return list;
}

}  // namespace

void say_watch_changes(const std::vector<WatchScope>& streams, const Checkpoint& checkpoint, CopyMode mode) {
  std::set<std::string> before;
  for (const StreamCheckpoint& stream : checkpoint.streams) {
    before.insert(stream.scope);
  }
  std::vector<std::string> added;
  for (const WatchScope& scope : streams) {
    if (before.erase(scope.name()) == 0) {
      added.push_back(scope.name());
    }
  }
  if (!before.empty()) {
    observe::log_warning(fmt::format(
        "not watched any more: {}; the position is forgotten with this start: what changes there from "
        "its last run on is not carried over, also when it is listed again",
        list_of({before.begin(), before.end()})));
  }
  if (!added.empty() && mode == CopyMode::off) {
    observe::log_warning(fmt::format(
        "watched from now on: {}; what it holds, and what changed before this start, is not carried "
        "over (initial_sync.mode: auto copies it)",
        list_of(added)));
  }
}

}  // namespace ddsync::runtime
