// Which source the positions of a state belong to (DESIGN invariant 6). The runtime asks and compares; the
// engine carries it along.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/schema_change.h"

namespace ddsync {

struct SourceIdentity {
  std::string replica_set;                       // its name; "" where the server tells none
  std::map<Namespace, std::string> collections;  // some of those in scope, and their UUIDs in hex

  friend bool operator==(const SourceIdentity&, const SourceIdentity&) = default;
};

// What is left of it after a change of collections: one that is dropped, renamed or made anew proves nothing
// any more, and may come back with another UUID. `source` may be none.
void forget_changed(std::shared_ptr<const SourceIdentity>& source, const SchemaChange& change);

}  // namespace ddsync
