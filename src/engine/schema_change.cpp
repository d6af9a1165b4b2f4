#include "engine/schema_change.h"

#include <fmt/format.h>

namespace ddsync {

std::string describe(const SchemaChange& change) {
  switch (change.kind) {
    case SchemaChangeKind::drop:
      return fmt::format("drop of {}", change.ns.name());
    case SchemaChangeKind::rename:
      return fmt::format("rename of {} to {}", change.ns.name(), change.to.name());
    case SchemaChangeKind::drop_database:
      return fmt::format("drop of {}database {}", change.whole_database ? "" : "the watched collections of ",
                         change.ns.database);
  }
  return {};
}

}  // namespace ddsync
