#include "engine/live_change.h"

#include <string>

namespace ddsync {
namespace {

SchemaChangeKind kind_of(EventKind kind) {
  if (kind == EventKind::create) return SchemaChangeKind::create;
  return kind == EventKind::drop_indexes ? SchemaChangeKind::drop_indexes : SchemaChangeKind::modify;
}

}  // namespace

bool is_plain(const SchemaChange& create) {
  ElementCursor option(create.arguments.view());
  while (option.next()) {
    if (option.name() != "idIndex" && option.name() != "uuid") return false;
  }
  return true;
}

// Before MongoDB 8 it is told as what it is made of, a view of its buckets.
bool is_time_series(const Event& create) {
  if (!find_value(create.description, "timeseries").missing()) return true;
  const ValueView view_on = find_value(create.description, "viewOn");
  return view_on.type == BsonType::string && view_on.as_string().starts_with("system.buckets.");
}

SchemaChange live_change(const Event& event) {
  SchemaChange change;
  change.kind = kind_of(event.kind);
  change.ns = {std::string(event.database), std::string(event.collection)};
  if (!event.description.empty()) change.arguments = OwnedDocument(event.description);
  return change;
}

bool changes_documents(SchemaChangeKind kind) {
  return kind == SchemaChangeKind::drop || kind == SchemaChangeKind::rename ||
         kind == SchemaChangeKind::drop_database;
}

}  // namespace ddsync
