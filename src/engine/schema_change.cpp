#include "engine/schema_change.h"

#include <fmt/format.h>

namespace ddsync {
namespace {

// ": a_1, b_1", or nothing where none has a name.
std::string index_names(const OwnedDocument& arguments) {
  std::string names;
  const ValueView list = find_value(arguments.view(), "indexes");
  if (list.type != BsonType::array) return names;
  ElementCursor specs(list.as_document());
  while (specs.next()) {
    if (specs.value().type != BsonType::document) continue;
    const ValueView name = find_value(specs.value().as_document(), "name");
    if (name.type == BsonType::string)
      names += fmt::format("{}{}", names.empty() ? ": " : ", ", name.as_string());
  }
  return names;
}

}  // namespace

std::string describe(const SchemaChange& change) {
  switch (change.kind) {
    case SchemaChangeKind::drop:
      return fmt::format("drop of {}", change.ns.name());
    case SchemaChangeKind::rename:
      return fmt::format("rename of {} to {}", change.ns.name(), change.to.name());
    case SchemaChangeKind::drop_database:
      return fmt::format("drop of {}database {}", change.whole_database ? "" : "the watched collections of ",
                         change.ns.database);
    case SchemaChangeKind::create:
      return fmt::format("creation of {}", change.ns.name());
    case SchemaChangeKind::create_indexes:
      return fmt::format("creation of indexes of {}{}", change.ns.name(), index_names(change.arguments));
    case SchemaChangeKind::drop_indexes:
      return fmt::format("drop of indexes of {}{}", change.ns.name(), index_names(change.arguments));
    case SchemaChangeKind::modify:
      return fmt::format("change of the options of {}", change.ns.name());
    case SchemaChangeKind::prepare_copy:
      return fmt::format("creation of {}", change.ns.name());
    case SchemaChangeKind::build_indexes:
      return fmt::format("indexes of {}", change.ns.name());
    case SchemaChangeKind::build_late_indexes:
      return fmt::format("unique and TTL indexes of {}", change.ns.name());
  }
  return {};
}

}  // namespace ddsync
