#include "runtime/target_contents.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "observe/log.h"
#include "runtime/patience.h"
#include "runtime/watched_collections.h"

namespace ddsync::runtime {
namespace {

constexpr size_t kLinesMax = 5;
constexpr std::chrono::seconds kPatience{2};  // a start is not held up by a question that only informs
constexpr std::chrono::seconds kBehindMax{5};
constexpr std::chrono::milliseconds kCountAgain{250};
constexpr std::chrono::seconds kCounting{60};

struct Counts {
  uint64_t source = 0;
  uint64_t target = 0;
  bool is_fewer() const { return target < source; }
};

mongo::Result<Counts> count(mongo::Reader& source, mongo::Reader& target, const Namespace& ns) {
  // The source first: what is inserted in between must not look lost.
  const auto here = source.estimated_count(ns);
  if (!here) {
    return tl::unexpected(here.error());
  }
  const auto there = target.estimated_count(ns);
  if (!there) {
    return tl::unexpected(there.error());
  }
  return Counts{.source = *here, .target = *there};
}

mongo::Result<Counts> count_patiently(mongo::Reader& source, mongo::Reader& target, const Namespace& ns) {
  const Patience patience(kBehindMax);
  auto counts = count(source, target, ns);
  while (counts && counts->is_fewer() && !patience.is_over()) {
    std::this_thread::sleep_for(kCountAgain);
    counts = count(source, target, ns);
  }
  return counts;
}

std::string line(const Namespace& ns, const Counts& counts) {
  return fmt::format("{} ({} of {})", ns.name(), counts.target, counts.source);
}

}  // namespace

void warn_of_lost(mongo::Reader& source, mongo::Reader& target, const SourceIdentity& known) {
  std::map<std::string, std::set<std::string>> by_database;
  for (const auto& [ns, uuid] : known.collections) {
    by_database[ns.database].insert(ns.collection);
  }
  const Patience patience(kPatience);
  size_t lines = 0;
  for (auto& [database, collections] : by_database) {
    const auto there = target.collection_names(database);
    if (!there || patience.is_over()) {
      return;
    }
    for (const std::string& name : *there) {
      collections.erase(name);
    }
    for (const std::string& name : collections) {
      const auto documents = source.estimated_count({.database = database, .collection = name});
      if (!documents || *documents == 0) {
        continue;
      }
      observe::log_warning(fmt::format(
          "the target has no {}.{}, in which the source holds {} documents: was it dropped there, or "
          "is this another target than before? What was copied or applied once does not come again "
          "by itself (--reset --initial-sync copies all anew)",
          database, name, *documents));
      if (++lines == kLinesMax) {
        return;
      }
    }
  }
}

std::vector<std::string> fewer_on_target(mongo::Reader& source, mongo::Reader& target,
                                         const config::Config& config) {
  std::vector<std::string> fewer;
  const Patience patience(kCounting);
  const auto left_out = [](const std::string& what, const Error& why) {
    observe::log_warning(fmt::format("{}: its documents are not counted: {}", what, describe(why)));
  };
  for (const Namespace& ns : watched_collections(source, config, patience, left_out)) {
    const auto counts = count_patiently(source, target, ns);
    if (counts && counts->is_fewer()) {
      fewer.push_back(line(ns, *counts));
    }
    if (patience.is_over()) {
      break;
    }
  }
  return fewer;
}

}  // namespace ddsync::runtime
