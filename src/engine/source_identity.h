// Which source the positions of a state belong to (DESIGN invariant 6). The engine only carries it along.
#pragma once

#include <map>
#include <string>

namespace ddsync {

struct SourceIdentity {
  std::string replica_set;                         // its name; "" where the server tells none
  std::map<std::string, std::string> collections;  // some of its collections: "db.coll" -> UUID in hex

  friend bool operator==(const SourceIdentity&, const SourceIdentity&) = default;
};

}  // namespace ddsync
