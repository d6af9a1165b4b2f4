#include "check/rights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "check/wording.h"
#include "mongo/reader.h"

namespace ddsync::check {
namespace {

constexpr const char* kSourceRights = "source rights";
constexpr const char* kTargetRights = "target rights";

// docs/operations.md, "Rights".
constexpr auto kTargetActions =
    std::to_array<std::string_view>({"find", "insert", "update", "remove", "createCollection",
                                     "dropCollection", "renameCollectionSameDB", "listCollections"});
constexpr auto kIndexActions = std::to_array<std::string_view>({"listIndexes", "createIndex", "dropIndex"});

// Without these there is no stream; what else a copy needs is told by the copy.
constexpr auto kSourceActions = std::to_array<std::string_view>({"find", "changeStream"});

constexpr const char* kGrantOnSource = "grant the role read on these databases (for *: readAnyDatabase)";

// Some actions are granted on the whole database only, whatever the collection.
bool is_of_database(std::string_view action) {
  return action == "listCollections" || action == "renameCollectionSameDB";
}

bool covers(const mongo::Privilege& privilege, const NamespacePattern& pattern, std::string_view action) {
  if (privilege.any_resource) return true;
  const bool database = privilege.database.empty() || privilege.database == pattern.database;
  const bool collection =
      privilege.collection.empty() || (privilege.collection == pattern.collection && !is_of_database(action));
  return database && collection;
}

bool allowed(const std::vector<mongo::Privilege>& privileges, const NamespacePattern& pattern,
             std::string_view action) {
  return std::any_of(privileges.begin(), privileges.end(), [&](const mongo::Privilege& privilege) {
    return covers(privilege, pattern, action) &&
           std::any_of(privilege.actions.begin(), privilege.actions.end(), [&](const std::string& granted) {
             return granted == action || granted == "anyAction";
           });
  });
}

// The source's collections in scope, by really listing and counting them.
class SourceScope {
 public:
  SourceScope(mongo::Reader& reader, const config::Config& config)
      : reader_(reader), filter_(config.watch, config.exclude) {}

  Findings look(Context& context) {
    for (const NamespacePattern& pattern : filter_.include()) list(pattern);
    for (auto& [ns, documents] : there_) count(ns, documents);
    for (const auto& [ns, documents] : there_)
      context.collections.push_back({.ns = ns, .documents = documents});
    return findings();
  }

 private:
  bool out_of_time() const { return patience_.is_over(); }

  void list(const NamespacePattern& pattern) {
    if (!pattern.database.empty()) {
      list_database(pattern.database);
    } else if (const auto databases = reader_.database_names(); databases) {
      for (const std::string& database : *databases) list_database(database);
    } else {
      refuse("listDatabases", databases.error());
    }
    const Namespace listed{.database = pattern.database, .collection = pattern.collection};
    if (!pattern.collection.empty() && there_.find(listed) == there_.end()) missing_.push_back(listed.name());
  }

  void list_database(const std::string& database) {
    if (out_of_time() || !listed_.insert(database).second) return;
    const auto collections = reader_.collection_names(database);
    if (!collections) return refuse(fmt::format("listCollections of {}", database), collections.error());
    for (const std::string& collection : *collections) {
      if (filter_.contains(database, collection)) there_.insert({{database, collection}, 0});
    }
  }

  void count(const Namespace& ns, uint64_t& documents) {
    if (out_of_time()) return;
    const auto counted = reader_.estimated_count(ns);
    if (!counted) return refuse(fmt::format("count of {}", ns.name()), counted.error());
    documents = *counted;
  }

  void refuse(const std::string& what, const Error& error) {
    refused_.push_back(fmt::format("{}: {}", what, describe(error)));
    if (error.code == kErrorNetwork) patience_.end();
  }

  Findings findings() const {
    Findings rows;
    if (!refused_.empty()) {
      rows.push_back(problem(kSourceRights, some_of(refused_, "; "), kGrantOnSource));
    } else if (out_of_time()) {
      rows.push_back(warning(kSourceRights, "not everything was listed and counted: it takes too long",
                             "the source is slow or far; nothing else is known to be wrong"));
    } else {
      rows.push_back(ok(kSourceRights,
                        fmt::format("{} in scope listed and counted", counted(there_.size(), "collection"))));
    }
    if (!missing_.empty() && refused_.empty()) {
      rows.push_back(
          warning("collections", fmt::format("not there on the source: {}", some_of(missing_)),
                  "check their spelling in watch.collections (case counts), unless they come later"));
    }
    return rows;
  }

  mongo::Reader& reader_;
  NamespaceFilter filter_;
  runtime::Patience patience_{kPatience};  // for all listings and counts of the source
  std::set<std::string> listed_;
  std::map<Namespace, uint64_t> there_;
  std::vector<std::string> refused_;
  std::vector<std::string> missing_;
};

constexpr const char* kGrantOnTarget =
    "grant the role readWrite on these databases (for *: readWriteAnyDatabase)";
constexpr const char* kMakeSure =
    "make sure that it has the role readWrite on all databases in scope; a right that is missing ends the "
    "service at the first write, with exit code 5";

// What the target does not say of its user, told by a listing: `hello` needs no user, and on some servers
// neither does `connectionStatus`.
Finding judge_by_listing(mongo::Reader& target, Finding when_it_lists) {
  const auto listed = target.database_names();
  if (listed) return when_it_lists;
  return problem(kTargetRights,
                 fmt::format("a listing of the databases is refused: {}", describe(listed.error())),
                 "give user and password in target.uri, with the role readWrite on the databases in scope");
}

}  // namespace

std::vector<std::string_view> target_actions(bool indexes) {
  std::vector<std::string_view> needed(kTargetActions.begin(), kTargetActions.end());
  if (indexes) needed.insert(needed.end(), kIndexActions.begin(), kIndexActions.end());
  return needed;
}

std::vector<std::string> missing_rights(const std::vector<mongo::Privilege>& privileges,
                                        const std::vector<NamespacePattern>& watch,
                                        std::span<const std::string_view> needed) {
  std::vector<std::string> missing;
  for (const NamespacePattern& pattern : watch) {
    std::vector<std::string_view> actions;
    for (const std::string_view action : needed) {
      if (!allowed(privileges, pattern, action)) actions.push_back(action);
    }
    if (!actions.empty()) missing.push_back(fmt::format("{}: {}", pattern.text(), fmt::join(actions, ", ")));
  }
  return missing;
}

Findings check_source_rights(Context& context) {
  const auto reader = context.source.endpoint->reader();
  return SourceScope(*reader, context.config).look(context);
}

Findings check_target_rights(Context& context) {
  const auto rights = context.target.endpoint->inspector()->rights();
  const auto reader = context.target.endpoint->reader();
  if (!rights) {
    return {judge_by_listing(
        *reader, warning(kTargetRights, fmt::format("not known: {}", describe(rights.error())), kMakeSure))};
  }
  if (rights->user.empty()) {
    return {judge_by_listing(*reader,
                             ok(kTargetRights, "target.uri names no user, and the target asks for none"))};
  }
  if (rights->privileges.empty()) {
    return {warning(kTargetRights,
                    fmt::format("not known: the target does not tell what the user {} may do", rights->user),
                    kMakeSure)};
  }
  return {judge_target_rights(*rights, context.config)};
}

Finding judge_target_rights(const mongo::Rights& rights, const config::Config& config) {
  const std::vector<std::string> missing =
      missing_rights(rights.privileges, config.watch, target_actions(config.indexes != config::Indexes::off));
  if (missing.empty())
    return ok(kTargetRights, fmt::format("the user {} may do all that is needed", rights.user));
  return problem(kTargetRights, fmt::format("the user {} lacks {}", rights.user, some_of(missing, "; ")),
                 kGrantOnTarget);
}

Finding judge_source_rights(const mongo::Rights& rights, const config::Config& config) {
  const std::vector<std::string> missing = missing_rights(rights.privileges, config.watch, kSourceActions);
  if (missing.empty())
    return ok(kSourceRights, fmt::format("the user {} may read what is watched", rights.user));
  return problem(kSourceRights, fmt::format("the user {} lacks {}", rights.user, some_of(missing, "; ")),
                 kGrantOnSource);
}

}  // namespace ddsync::check
