#include "runtime/lost_collections.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "observe/log.h"

namespace ddsync::runtime {
namespace {

constexpr size_t kWarningsMax = 5;

bool is_prepared(const CollectionLeft& left) { return left.step != CollectionLeft::Step::prepare; }

bool is_being_planned(const Checkpoint& checkpoint) {
  return std::ranges::any_of(
      checkpoint.streams, [](const StreamCheckpoint& stream) { return stream.copy == StreamCopy::planning; });
}

void warn(const Namespace& ns, uint64_t documents) {
  observe::log_warning(fmt::format(
      "the target has no {}, in which the source holds {} documents and which an earlier run copied or "
      "followed: was it dropped there, or is this another target? What was copied or applied once does "
      "not come again by itself (documentdb-sync --reset --initial-sync copies all anew)",
      ns.name(), documents));
}

std::optional<size_t> at_an_error(size_t lost) { return lost > 0 ? std::optional(lost) : std::nullopt; }

}  // namespace

std::vector<Namespace> expected_on_target(const Checkpoint& checkpoint, const SourceIdentity& known,
                                          CopyMode mode) {
  std::set<Namespace> expected;
  if (mode != CopyMode::off && !is_being_planned(checkpoint)) {
    for (const auto& [ns, uuid] : known.collections) {
      expected.insert(ns);
    }
  }
  for (const CollectionLeft& left : checkpoint.copies) {
    if (is_prepared(left)) {
      expected.insert(left.ns);
    } else {
      expected.erase(left.ns);
    }
  }
  return {expected.begin(), expected.end()};
}

std::optional<size_t> warn_of_lost(mongo::Reader& source, mongo::Reader& target,
                                   const std::vector<Namespace>& expected) {
  std::map<std::string, std::set<std::string>> by_database;
  for (const Namespace& ns : expected) {
    by_database[ns.database].insert(ns.collection);
  }
  size_t lost = 0;
  for (auto& [database, collections] : by_database) {
    const auto there = target.collection_names(database);
    if (!there) {
      return at_an_error(lost);
    }
    for (const std::string& name : *there) {
      collections.erase(name);
    }
    for (const std::string& name : collections) {
      const Namespace ns{.database = database, .collection = name};
      const auto documents = source.estimated_count(ns);
      if (!documents) {
        return at_an_error(lost);
      }
      if (*documents > 0 && ++lost <= kWarningsMax) {
        warn(ns, *documents);
      }
    }
  }
  return lost;
}

}  // namespace ddsync::runtime
