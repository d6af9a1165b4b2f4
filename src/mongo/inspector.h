// What a server tells of its user and its history; for checks before a start, never on the hot path.
// Thread-safety: one thread.
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

class Inspector {
 public:
  virtual ~Inspector() = default;

  // `connectionStatus` with privileges.
  virtual Result<Rights> rights() = 0;
  // Of local.oplog.rs; nothing when there is none to be seen (a mongos).
  virtual Result<std::optional<HistoryWindow>> history() = 0;
};

}  // namespace ddsync::mongo
