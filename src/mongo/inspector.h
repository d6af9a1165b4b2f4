// What a server tells of its user, its history and the sizes of its documents; for checks before a start,
// never on the hot path. Thread-safety: one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mongo/endpoint.h"

namespace ddsync::mongo {

// Some actions on a resource.
struct Privilege {
  bool any_resource = false;
  std::string database;    // "" = every database
  std::string collection;  // "" = every collection
  std::vector<std::string> actions;
};

struct Rights {
  std::string user;                   // "" = the server knows no user of this connection
  std::vector<Privilege> privileges;  // empty: not told
};

// What the server can still tell of changes: its oldest and newest entry, seconds since 1970.
struct HistoryWindow {
  uint32_t oldest_s = 0;
  uint32_t newest_s = 0;
};

// The largest that were met in some documents of a collection. Of values: without their names.
struct SizeSample {
  uint64_t documents = 0;           // looked at
  uint64_t document_bytes_max = 0;  // 0 = the server does not measure
  uint64_t id_bytes_max = 0;
  std::vector<uint64_t> key_bytes_max;  // of each index that was asked for
};

class Inspector {
 public:
  virtual ~Inspector() = default;

  // `connectionStatus` with privileges.
  virtual Result<Rights> rights() = 0;
  // Of local.oplog.rs; nothing when there is none to be seen (a mongos).
  virtual Result<std::optional<HistoryWindow>> history() = 0;
  // Looks at up to 100 documents of a collection that holds about `documents`, for two seconds at most. What
  // is in arrays counts as a key with all its elements.
  virtual Result<SizeSample> sizes(const Namespace& ns, uint64_t documents,
                                   const std::vector<OwnedDocument>& indexes) = 0;
};

}  // namespace ddsync::mongo
