#include "runtime/source_identity.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "mongo/reader.h"
#include "observe/log.h"

namespace ddsync::runtime {
namespace {

// They are part of every checkpoint.
constexpr size_t kRememberedMax = 16;
constexpr size_t kOfADatabaseMax = 4;
// One collection may be dropped and made anew while the service is away; that all are is unlikely.
constexpr size_t kProofLeast = 2;

std::set<std::string> databases_to_ask(mongo::Reader& source, const config::Config& config,
                                       const SourceIdentity& known) {
  std::set<std::string> databases;
  for (const auto& [ns, uuid] : known.collections) {
    databases.insert(ns.database);
  }
  for (const NamespacePattern& pattern : config.watch) {
    if (!pattern.database.empty()) {
      databases.insert(pattern.database);
    } else if (const auto all = source.database_names()) {
      databases.insert(all->begin(), all->end());
    }
  }
  return databases;
}

// What cannot be listed, for want of rights or because the source has just gone away, proves nothing.
SourceIdentity ask(const Servers& servers, const config::Config& config, const SourceIdentity& known) {
  SourceIdentity now;
  now.replica_set = servers.source_info.replica_set;
  const NamespaceFilter filter(config.watch, config.exclude);
  const auto reader = servers.source->reader();
  for (const std::string& database : databases_to_ask(*reader, config, known)) {
    const auto uuids = reader->collection_uuids(database);
    if (!uuids) {
      observe::log_debug(
          fmt::format("collections of {} cannot be listed: {}", database, describe(uuids.error())));
      continue;
    }
    for (const auto& [collection, uuid] : *uuids) {
      if (filter.contains(database, collection)) {
        now.collections.emplace(Namespace{.database = database, .collection = collection}, uuid);
      }
    }
  }
  return now;
}

}  // namespace

Likeness compare(const SourceIdentity& known, const SourceIdentity& now) {
  if (!known.replica_set.empty() && !now.replica_set.empty() && known.replica_set != now.replica_set) {
    return {
        .sameness = Sameness::other,
        .reason = fmt::format("it was the replica set {} and is {} now", known.replica_set, now.replica_set)};
  }
  size_t changed = 0;
  std::string example;
  for (const auto& [ns, uuid] : known.collections) {
    const auto found = now.collections.find(ns);
    if (found == now.collections.end()) {
      continue;
    }
    if (found->second == uuid) {
      return {};
    }
    changed += 1;
    example = ns.name();
  }
  if (changed == 0) {
    return {};
  }
  return {.sameness = changed < kProofLeast ? Sameness::doubtful : Sameness::other,
          .reason = fmt::format("{} of its collections are known and have another UUID now (such as {})",
                                changed, example)};
}

SourceIdentity remembered(const SourceIdentity& now) {
  SourceIdentity some;
  some.replica_set = now.replica_set;
  std::string database;
  size_t of_database = 0;
  for (const auto& [ns, uuid] : now.collections) {
    if (ns.database != database) {
      database = ns.database;
      of_database = 0;
    }
    if (of_database++ < kOfADatabaseMax && some.collections.size() < kRememberedMax) {
      some.collections.emplace(ns, uuid);
    }
  }
  return some;
}

Started<std::shared_ptr<const SourceIdentity>> check_source(const Servers& servers,
                                                            const config::Config& config,
                                                            const std::optional<Checkpoint>& checkpoint,
                                                            bool accepted) {
  const SourceIdentity known = checkpoint && checkpoint->source ? *checkpoint->source : SourceIdentity{};
  SourceIdentity now = ask(servers, config, known);
  const Likeness likeness = compare(known, now);
  if (likeness.sameness == Sameness::other && !accepted) {
    return refuse(
        ExitCode::bad_state,
        fmt::format(
            "the saved positions are of another source: {}. Correct source.uri (or state.directory); "
            "--same-source goes on with them if it is the same one after all, and --reset begins anew "
            "with this one",
            likeness.reason));
  }
  if (likeness.sameness != Sameness::same) {
    observe::log_warning(
        fmt::format("is this the source that the saved positions are of? {}", likeness.reason));
  }
  if (now.collections.empty()) {
    now.collections = known.collections;
  }
  return std::make_shared<const SourceIdentity>(remembered(now));
}

}  // namespace ddsync::runtime
