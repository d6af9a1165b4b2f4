// How many streams are opened, and of which level, for a watch list.
//
// Scopes never overlap: an event must come once. A position belongs to its scope, so a stream with a position
// is kept as it is; what a plan cannot keep although it is still watched is refused, never started anew in
// silence.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "config/config.h"

namespace ddsync::config {
namespace {

// A connection and a thread each; above this, whole databases are watched and filtered here.
constexpr size_t kCollectionStreamsMax = 32;
constexpr size_t kCollectionsWorthADatabase = 4;
constexpr size_t kStreamsMax = 64;

WatchScope cluster_scope() { return {ScopeLevel::cluster, {}}; }
WatchScope database_scope(const std::string& database) { return {ScopeLevel::database, {database, ""}}; }
WatchScope scope_of(const NamespacePattern& pattern) {
  if (pattern.database.empty()) return cluster_scope();
  if (pattern.collection.empty()) return database_scope(pattern.database);
  return {ScopeLevel::collection, {pattern.database, pattern.collection}};
}

bool covers(const WatchScope& wide, const WatchScope& narrow) {
  switch (wide.level) {
    case ScopeLevel::cluster:
      return true;
    case ScopeLevel::database:
      return narrow.level != ScopeLevel::cluster && wide.ns.database == narrow.ns.database;
    case ScopeLevel::collection:
      return wide == narrow;
  }
  return false;
}

bool overlap(const WatchScope& a, const WatchScope& b) { return covers(a, b) || covers(b, a); }

// Without the scopes that another one covers.
std::vector<WatchScope> widest(const std::set<WatchScope>& scopes) {
  std::vector<WatchScope> result;
  for (const WatchScope& scope : scopes) {
    const bool covered = std::any_of(scopes.begin(), scopes.end(), [&](const WatchScope& other) {
      return other != scope && covers(other, scope);
    });
    if (!covered) result.push_back(scope);
  }
  return result;
}

std::set<WatchScope> scopes_of(const Config& config) {
  std::set<WatchScope> scopes;
  for (const NamespacePattern& pattern : config.watch) scopes.insert(scope_of(pattern));
  return scopes;
}

std::set<WatchScope> database_scopes_of(const Config& config) {
  std::set<WatchScope> scopes;
  for (const NamespacePattern& pattern : config.watch) scopes.insert(database_scope(pattern.database));
  return scopes;
}

// What `wanted` asks for and `kept` does not cover, in as few streams as reasonable.
std::vector<WatchScope> automatic_streams(const std::set<WatchScope>& wanted,
                                          const std::set<WatchScope>& kept) {
  const auto is_kept = [&](const WatchScope& scope) {
    return std::any_of(kept.begin(), kept.end(),
                       [&](const WatchScope& other) { return covers(other, scope); });
  };
  std::map<std::string, std::vector<WatchScope>> collections;
  std::set<WatchScope> scopes = kept;
  size_t count = 0;
  for (const WatchScope& scope : wanted) {
    if (is_kept(scope)) continue;
    if (scope.level == ScopeLevel::collection) {
      collections[scope.ns.database].push_back(scope);
      ++count;
    } else {
      scopes.insert(scope);
    }
  }
  const bool few = scopes.size() + count <= kCollectionStreamsMax;
  for (const auto& [database, listed] : collections) {
    const bool holds_kept = std::any_of(
        kept.begin(), kept.end(),
        [&, &name = database](const WatchScope& scope) { return overlap(scope, database_scope(name)); });
    if (few || holds_kept || listed.size() <= kCollectionsWorthADatabase) {
      scopes.insert(listed.begin(), listed.end());
    } else {
      scopes.insert(database_scope(database));
    }
  }
  if (scopes.size() > kStreamsMax && kept.empty()) return {cluster_scope()};
  return widest(scopes);
}

// load() has refused what a chosen scope cannot watch.
std::vector<WatchScope> chosen_streams(const Config& config, const std::set<WatchScope>& durable) {
  switch (config.scope) {
    case Scope::collection:
      return widest(scopes_of(config));
    case Scope::database:
      return widest(database_scopes_of(config));
    case Scope::cluster:
      return {cluster_scope()};
    case Scope::automatic:
      break;
  }
  return automatic_streams(scopes_of(config), durable);
}

// Durable scopes that still deliver something watched.
std::set<WatchScope> still_watched(const Config& config, const std::vector<std::string>& durable_scopes) {
  std::set<WatchScope> result;
  for (const std::string& name : durable_scopes) {
    const std::optional<NamespacePattern> pattern = parse_pattern(name);
    if (!pattern) continue;
    const WatchScope scope = scope_of(*pattern);
    const bool watched =
        std::any_of(config.watch.begin(), config.watch.end(),
                    [&](const NamespacePattern& listed) { return overlap(scope, scope_of(listed)); });
    if (watched) result.insert(scope);
  }
  return result;
}

}  // namespace

tl::expected<std::vector<WatchScope>, std::string> plan_streams(
    const Config& config, const std::vector<std::string>& durable_scopes) {
  const std::set<WatchScope> durable = still_watched(config, durable_scopes);
  std::vector<WatchScope> plan = chosen_streams(config, durable);
  for (const WatchScope& scope : durable) {
    if (std::find(plan.begin(), plan.end(), scope) != plan.end()) continue;
    return tl::unexpected(
        fmt::format("the state holds a position of the stream {}, but the configuration now asks for other "
                    "streams over the "
                    "same collections, and a position belongs to its stream. Go back to the watch list and "
                    "scope of before, "
                    "or forget all positions with --reset: changes made before that start are then lost",
                    scope.name()));
  }
  return plan;
}

}  // namespace ddsync::config
