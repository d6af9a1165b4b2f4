#include "runtime/watch_changes.h"

#include <fmt/format.h>

#include <set>
#include <string>

#include "config/plain_text.h"
#include "observe/log.h"

namespace ddsync::runtime {
namespace {

constexpr size_t kNamesMax = 5;

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
        config::some_of({before.begin(), before.end()}, kNamesMax)));
  }
  if (!added.empty() && mode == CopyMode::off) {
    observe::log_warning(fmt::format(
        "watched from now on: {}; what it holds, and what changed before this start, is not carried "
        "over (initial_sync.mode: auto copies it)",
        config::some_of(added, kNamesMax)));
  }
}

}  // namespace ddsync::runtime
