// Changes of collections: barriers, run alone (DESIGN invariant 7). Repeating one is harmless.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bson/owned.h"
#include "engine/ids.h"
#include "engine/namespace.h"

namespace ddsync {

enum class SchemaChangeKind : uint8_t {
  drop,
  rename,
  drop_database,
  create,
  create_indexes,
  drop_indexes,
  modify,
};

struct SchemaChange {
  WriterId writer;
  BatchId id;
  SchemaChangeKind kind = SchemaChangeKind::drop;
  Namespace ns;  // drop_database: collection is empty
  Namespace to;  // rename only; an existing target collection is replaced
  // drop_database: true = the whole database is in scope and is dropped as one; false = only its collections
  // that the filter contains are dropped.
  bool whole_database = false;
  // As `operationDescription` of the change event gives them, so do listings. create: the options of the
  // collection; create_indexes, drop_indexes: {indexes: [specifications]}; modify: the fields of collMod.
  OwnedDocument arguments;
  uint32_t attempt = 1;
};

std::string describe(const SchemaChange& change);

}  // namespace ddsync
