#include "runtime/copy_planning.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "mongo/schema_support.h"
#include "observe/log.h"

namespace ddsync::runtime {
namespace {

constexpr size_t kObjectionsShownMax = 20;

Error refusal(const std::vector<std::string>& objections, bool of_added) {
  Error error;
  error.treatment = Treatment::fatal;
  error.message = "the copy does not begin, nothing of it was written:";
  for (size_t i = 0; i < std::min(objections.size(), kObjectionsShownMax); ++i)
    error.message += fmt::format("{} {}", i == 0 ? "" : ";", objections[i]);
  if (objections.size() > kObjectionsShownMax)
    error.message += fmt::format("; and {} more", objections.size() - kObjectionsShownMax);
  if (of_added) error.message += "; or go on without what they hold: initial_sync.mode: off";
  return error;
}

}  // namespace

CopyPlanning::CopyPlanning(Servers& servers, CopyRules rules, std::vector<WatchScope> streams,
                           NamespaceFilter filter, Inbox& inbox)
    : planner_(servers.source->copy_planner()),
      source_(servers.source->reader()),
      target_(servers.target->reader()),
      target_facts_(servers),
      rules_(rules),
      streams_(std::move(streams)),
      filter_(std::move(filter)),
      inbox_(inbox) {}

void CopyPlanning::carry_out(const output::PlanCopy& order) { inbox_.post(plan(order)); }

input::CopyPlanned CopyPlanning::plan(const output::PlanCopy& order) {
  input::CopyPlanned answer{.id = order.id, .collections = {}, .error = {}};
  const bool alone = !order.only.database.empty();
  const WatchScope scope =
      alone ? WatchScope{.level = ScopeLevel::collection, .ns = order.only} : streams_.at(order.stream.value);
  auto collections = planner_->plan(scope, filter_.without(order.covered));
  if (!collections) {
    answer.error = std::move(collections).error();
    return answer;
  }
  if (!alone) {
    const auto found = objections(*collections);
    if (!found) {
      answer.error = found.error();
      return answer;
    }
    if (!found->empty()) {
      answer.error = refusal(*found, order.covered != nullptr);
      return answer;
    }
  }
  std::erase_if(*collections, [](const PlannedCollection& one) { return one.type == "timeseries"; });
  answer.collections = *std::move(collections);
  return answer;
}

mongo::Result<std::vector<std::string>> CopyPlanning::objections(
    const std::vector<PlannedCollection>& collections) {
  std::vector<std::string> objections;
  for (const PlannedCollection& collection : collections) {
    if (collection.type == "view") continue;  // it holds nothing of its own
    if (auto asked = object_to_documents(collection.ns, objections); !asked)
      return tl::unexpected(std::move(asked).error());
    if (auto asked = object_to_schema(collection, objections); !asked)
      return tl::unexpected(std::move(asked).error());
  }
  return objections;
}

mongo::Result<void> CopyPlanning::object_to_documents(const Namespace& ns,
                                                      std::vector<std::string>& objections) {
  if (rules_.target_not_empty != config::TargetNotEmpty::refuse) return {};
  const auto count = target_->estimated_count(ns);
  if (!count) return tl::unexpected(count.error());
  if (*count > 0)
    objections.push_back(
        fmt::format("{} holds {} documents on the target (initial_sync.target_not_empty: merge "
                    "keeps what the source does not have, drop replaces the collection)",
                    ns.name(), *count));
  return {};
}

mongo::Result<void> CopyPlanning::object_to_schema(const PlannedCollection& collection,
                                                   std::vector<std::string>& objections) {
  std::vector<std::string> found;
  if (collection.type == "timeseries")
    found.push_back(
        fmt::format("{} is a time series: it has no change stream and is left out", collection.ns.name()));
  const auto facts = target_facts_.get();
  if (!facts) return tl::unexpected(facts.error());
  const auto indexes = source_->indexes(collection.ns);
  if (!indexes) return tl::unexpected(indexes.error());
  for (const mongo::UnsupportedOption& option : mongo::unsupported_options(collection, *indexes, **facts))
    found.push_back(describe(option));
  for (const std::string& line : found) {
    if (rules_.unsupported == config::Unsupported::warn) {
      observe::log_warning("not carried over: " + line);
    } else {
      objections.push_back(line + " (schema.unsupported: warn copies the rest)");
    }
  }
  return {};
}

}  // namespace ddsync::runtime
