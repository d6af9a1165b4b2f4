#include "runtime/source_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "mongo/reader.h"
#include "observe/log.h"
#include "runtime/patience.h"

namespace ddsync::runtime {
namespace {

// They are part of every checkpoint.
constexpr size_t kRememberedMax = 16;
constexpr size_t kOfADatabaseMax = 4;
// One collection may be dropped and made anew while the service is away; that all are is unlikely.
constexpr size_t kProofLeast = 2;
// The start is not held up for long: the streams are not read yet, and some sources forget soon.
constexpr std::chrono::seconds kListingMax{3};

// Those of the known collections first.
std::vector<std::string> databases_to_ask(mongo::Reader& source, const config::Config& config,
                                          const SourceIdentity& known) {
  std::vector<std::string> databases;
  const auto add = [&](const std::string& database) {
    if (std::find(databases.begin(), databases.end(), database) == databases.end()) {
      databases.push_back(database);
    }
  };
  for (const auto& [ns, uuid] : known.collections) {
    add(ns.database);
  }
  for (const NamespacePattern& pattern : config.watch) {
    if (!pattern.database.empty()) {
      add(pattern.database);
    } else if (const auto all = source.database_names()) {
      std::for_each(all->begin(), all->end(), add);
    }
  }
  return databases;
}

// What cannot be listed, for want of rights or because the source has just gone away, proves nothing, and is
// what it was.
void keep_known(const SourceIdentity& known, const std::string& database, SourceIdentity& now) {
  for (const auto& [ns, uuid] : known.collections) {
    if (ns.database == database) {
      now.collections.emplace(ns, uuid);
    }
  }
}

}  // namespace

SourceIdentity ask_source(mongo::Endpoint& source, const mongo::ServerInfo& info,
                          const config::Config& config, const SourceIdentity& known) {
  SourceIdentity now;
  now.replica_set = info.replica_set;
  const NamespaceFilter filter(config.watch, config.exclude);
  Patience patience(kListingMax);
  const auto reader = source.reader();
  for (const std::string& database : databases_to_ask(*reader, config, known)) {
    if (patience.is_over()) {
      keep_known(known, database, now);
      continue;
    }
    const auto uuids = reader->collection_uuids(database);
    if (!uuids) {
      observe::log_debug(
          fmt::format("collections of {} cannot be listed: {}", database, describe(uuids.error())));
      keep_known(known, database, now);
      if (uuids.error().code == kErrorNetwork) {
        patience.end();
      }
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
                                changed, example),
          .by_collections = true};
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

SourceIdentity in_common(const SourceIdentity& known, const SourceIdentity& now) {
  SourceIdentity both;
  both.replica_set = now.replica_set;
  for (const auto& [ns, uuid] : known.collections) {
    const auto found = now.collections.find(ns);
    if (found != now.collections.end() && found->second == uuid) {
      both.collections.emplace(ns, uuid);
    }
  }
  return both;
}

std::string describe(const Likeness& likeness) {
  return fmt::format(
      "the saved positions are of another source: {}. Correct source.uri (or state.directory); start once "
      "with documentdb-sync --same-source if it is the same one after all; --reset begins anew with this one",
      likeness.reason);
}

bool is_refused(const Likeness& likeness, const Checkpoint& checkpoint) {
  const bool spooled =
      std::any_of(checkpoint.streams.begin(), checkpoint.streams.end(),
                  [](const StreamCheckpoint& stream) { return stream.spool_next < stream.spool_end; });
  const bool may_be_told = spooled || !checkpoint.clean_end;
  return likeness.sameness == Sameness::other && !(likeness.by_collections && may_be_told);
}

Started<std::shared_ptr<const SourceIdentity>> check_source(const Servers& servers,
                                                            const config::Config& config,
                                                            const std::optional<Checkpoint>& checkpoint,
                                                            bool accepted) {
  const SourceIdentity known = checkpoint && checkpoint->source ? *checkpoint->source : SourceIdentity{};
  const SourceIdentity now = ask_source(*servers.source, servers.source_info, config, known);
  const Likeness likeness = compare(known, now);
  if (checkpoint && !accepted && is_refused(likeness, *checkpoint)) {
    return refuse(ExitCode::bad_state, describe(likeness));
  }
  if (likeness.sameness != Sameness::same) {
    observe::log_warning(
        fmt::format("is this the source that the saved positions are of? {}", likeness.reason));
  }
  return std::make_shared<const SourceIdentity>(remembered(now));
}

}  // namespace ddsync::runtime
