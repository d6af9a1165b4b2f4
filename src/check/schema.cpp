#include "check/schema.h"

#include <fmt/format.h>

#include <utility>

#include "check/wording.h"
#include "mongo/reader.h"
#include "mongo/schema_support.h"

namespace ddsync::check {
namespace {

constexpr const char* kSchema = "schema";

struct Found {
  std::vector<std::string> lost;
  std::vector<std::string> in_part;
};

mongo::Result<void> look_at(mongo::Reader& source, const Namespace& ns, const mongo::ServerInfo& target,
                            Found& found) {
  auto here = source.collection(ns);
  if (!here) return tl::unexpected(std::move(here).error());
  const auto indexes = source.indexes(ns);
  if (!indexes) return tl::unexpected(indexes.error());
  PlannedCollection collection;
  collection.ns = ns;
  if (*here) collection.options = std::move((*here)->options);
  if (!find_value(collection.options.view(), "timeseries").missing()) {
    found.lost.push_back(ns.name() + ": a time series has no change stream and is not copied");
    return {};
  }
  for (const mongo::UnsupportedOption& one : mongo::unsupported_options(collection, *indexes, target))
    found.lost.push_back(describe(one));
  for (std::string& one : mongo::kept_in_part(collection, target)) found.in_part.push_back(std::move(one));
  return {};
}

}  // namespace

Finding judge_schema(size_t collections, const std::vector<std::string>& lost, const config::Config& config) {
  const std::string looked_at = counted(collections, "collection");
  if (lost.empty()) return ok(kSchema, looked_at + ": the target can have all options and indexes");
  const std::string found = fmt::format("{}: {}", looked_at, some_of(lost));
  if (config.initial_sync.mode == CopyMode::off)
    return warning(kSchema, found,
                   "options and indexes are not carried over: make what you need on the target");
  if (config.schema_unsupported == config::Unsupported::warn)
    return warning(kSchema, found, "schema.unsupported is warn: the copy leaves it out");
  return problem(kSchema, found, "change it at the source, or set schema.unsupported: warn to go on without");
}

Findings check_schema(Context& context) {
  const auto source = context.source.endpoint->reader();
  const runtime::Patience patience(kPatience);
  Found found;
  for (const auto& [ns, documents] : context.collections) {
    if (patience.is_over())
      return {warning(kSchema, some_of(found.lost), "not every collection was looked at: it takes too long")};
    if (const auto looked = look_at(*source, ns, *context.target.info, found); !looked)
      return {problem(kSchema, fmt::format("{} cannot be listed: {}", ns.name(), describe(looked.error())),
                      "grant the role read on the databases in scope")};
  }
  Findings findings{judge_schema(context.collections.size(), found.lost, context.config)};
  if (!found.in_part.empty())
    findings.push_back(warning(kSchema, some_of(found.in_part, "; "),
                               "compare these collections before you rely on the target"));
  return findings;
}

}  // namespace ddsync::check
