// What is made durable: everything that a restart needs, in one unit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bson/owned.h"
#include "engine/copy_checkpoint.h"
#include "engine/namespace.h"
#include "engine/position.h"
#include "engine/source_identity.h"

namespace ddsync {

// Totals since the state was created (the original service's `sync_stats`).
struct SyncStats {
  uint64_t total_synced = 0;
  uint64_t inserts = 0;
  uint64_t updates = 0;
  uint64_t deletes = 0;
  uint64_t errors = 0;
  friend bool operator==(const SyncStats&, const SyncStats&) = default;
};

struct StreamCheckpoint {
  std::string scope;  // WatchScope::name()
  StreamPosition position;
  // Why this stream cannot go on (history lost), empty while it can. A gap is durable: only an operator ends
  // it.
  std::string gap_reason;
  // The first entry of the stream's spool that `position` does not stand behind.
  uint64_t spool_next = 1;
  uint64_t spool_end = 1;  // behind its last entry
  StreamCopy copy = StreamCopy::none;
  // How many events behind `position` may have been sent to the target: only their writes can be on their way
  // when the process is killed. None when that is not known.
  std::optional<uint64_t> may_be_sent = std::nullopt;
  // Documents that a killed process was copying may still land.
  bool late_copies = false;
  bool spooled() const { return spool_next != spool_end; }  // changes that the source need not tell again
  friend bool operator==(const StreamCheckpoint&, const StreamCheckpoint&) = default;
};

// What a stream of several collections watched when all of it was copied, or was not to be: what it watches
// beyond that is not on the target.
struct WatchedBefore {
  std::string stream;  // WatchScope::name()
  std::shared_ptr<const NamespaceFilter> filter;
};

// A key whose last write had an unknown outcome at a target that does not refuse late duplicates
// (DESIGN invariant 14). It counts as not proven until it was compared after the longest possible delay.
struct SuspectKey {
  Namespace ns;
  OwnedValue id;
  friend bool operator==(const SuspectKey&, const SuspectKey&) = default;
};

struct Checkpoint {
  uint64_t generation = 0;                       // rises by one with every checkpoint of a process
  std::shared_ptr<const SourceIdentity> source;  // none: not known
  std::vector<StreamCheckpoint> streams;
  std::vector<WatchedBefore> watched;
  std::vector<CollectionLeft> copies;  // not complete
  std::vector<SuspectKey> suspects;
  // Namespaces of which more keys were suspect than are remembered one by one.
  std::vector<Namespace> unproven_namespaces;
  // Namespaces with updates whose document was gone and of which nothing more was heard yet (lookups.h).
  std::vector<Namespace> missed_lookups;
  // Nothing was on its way to the target when this was written, and nothing was sent afterwards.
  bool clean_end = false;
  SyncStats stats;

  // `scope` is a WatchScope::name().
  StreamCheckpoint stream(const std::string& scope) const;  // one without a position when there is none
  std::vector<std::string> scopes() const;
  bool any_spooled() const;
  std::shared_ptr<const NamespaceFilter> covered(const std::string& scope) const;  // of `watched`, or none
};

}  // namespace ddsync
