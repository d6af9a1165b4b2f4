// Changes of collections: barriers, run alone (DESIGN invariant 7). Repeating one is harmless.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/ids.h"
#include "engine/namespace.h"

namespace ddsync {

enum class SchemaChangeKind : uint8_t { drop, rename, drop_database };

struct SchemaChange {
  WriterId writer;
  BatchId id;
  SchemaChangeKind kind = SchemaChangeKind::drop;
  Namespace ns;  // drop_database: collection is empty
  Namespace to;  // rename only; an existing target collection is replaced
  // drop_database: true = the whole database is in scope and is dropped as one; false = only its collections
  // that the filter contains are dropped.
  bool whole_database = false;
  uint32_t attempt = 1;
};

std::string describe(const SchemaChange& change);

}  // namespace ddsync
