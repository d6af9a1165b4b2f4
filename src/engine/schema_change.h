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
  // Of the initial copy; what is to be made is what the source has at that time.
  prepare_copy,   // the collection with its options; `replace`: in place of what is there
  build_indexes,  // those that may be there before the changes since the start of the copy are applied
  build_late_indexes,
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
  bool replace = false;  // prepare_copy only
  // build_late_indexes, rename: the UUID in hex of the source's collection; "" = not known. Indexes that the
  // source has under the name now are built only when they are of this collection
  // (SchemaChanged::other_uuid).
  std::string uuid;
  uint32_t attempt = 1;
};

std::string describe(const SchemaChange& change);

}  // namespace ddsync
