#include "runtime/watched_collections.h"

#include <vector>

namespace ddsync::runtime {

std::set<Namespace> watched_collections(
    mongo::Reader& source, const config::Config& config, const Patience& patience,
    const std::function<void(const std::string& what, const Error& why)>& on_problem) {
  const NamespaceFilter filter(config.watch, config.exclude);
  std::set<Namespace> found;
  const auto add = [&](Namespace ns) {
    if (filter.contains(ns.database, ns.collection)) {
      found.insert(std::move(ns));
    }
  };
  const auto add_database = [&](const std::string& database) {
    if (patience.is_over()) {
      return;
    }
    const auto collections = source.collection_names(database);
    if (!collections) {
      return on_problem(database, collections.error());
    }
    for (const std::string& collection : *collections) {
      add({.database = database, .collection = collection});
    }
  };
  for (const NamespacePattern& pattern : filter.include()) {
    if (!pattern.collection.empty()) {
      add({.database = pattern.database, .collection = pattern.collection});
    } else if (!pattern.database.empty()) {
      add_database(pattern.database);
    } else if (const auto databases = source.database_names()) {
      for (const std::string& database : *databases) {
        add_database(database);
      }
    } else {
      on_problem("databases", databases.error());
    }
  }
  return found;
}

}  // namespace ddsync::runtime
