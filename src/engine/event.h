// One change event, decoded into views of its batch.
// Form: https://www.mongodb.com/docs/manual/reference/change-events/; DocumentDB's differences: measured
// (documentKey `{"": id}`, wallTime a string, a replace shows as update).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bson/view.h"

namespace ddsync {

inline constexpr size_t kKnownEventKinds = 12;  // without `other`

enum class EventKind : uint8_t {
  insert,
  update,
  replace,
  remove,
  drop,
  rename,
  drop_database,
  invalidate,
  // Of the expanded events of MongoDB 6.0 and later.
  create,
  create_indexes,
  drop_indexes,
  modify,
  other,  // a kind that this program does not know or does not need
};

struct Event {
  EventKind kind = EventKind::other;
  std::string_view kind_name;  // as the server spells it
  DocumentView whole;
  DocumentView token;  // `_id`
  std::string_view database;
  std::string_view collection;
  std::string_view to_database;    // rename only
  std::string_view to_collection;  // rename only
  ValueView id;                    // of the document, for the four document kinds
  DocumentView document;           // fullDocument; empty when absent or null
  DocumentView description;        // operationDescription; empty when absent
  ValueView collection_uuid;       // with expanded events only
  // fullDocument holds an equal _id of other bytes (5 against 5.0): it is of a later life of the key.
  bool document_has_other_id = false;
  int64_t wall_ms = 0;  // 0 = not told
};

// False when the bytes are no change event (no token, no kind, a document kind without an id).
bool decode_event(DocumentView bytes, Event& event);

}  // namespace ddsync
