#include "engine/source_identity.h"

namespace ddsync {
namespace {

bool changes(const SchemaChange& change, const Namespace& ns) {
  switch (change.kind) {
    case SchemaChangeKind::drop_database:
      return ns.database == change.ns.database;
    case SchemaChangeKind::drop:
    case SchemaChangeKind::create:
      return ns == change.ns;
    case SchemaChangeKind::rename:
      return ns == change.ns || ns == change.to;
    default:
      return false;
  }
}

}  // namespace

void forget_changed(std::shared_ptr<const SourceIdentity>& source, const SchemaChange& change) {
  if (!source) return;
  auto left = std::make_shared<SourceIdentity>(*source);
  const size_t gone =
      std::erase_if(left->collections, [&](const auto& one) { return changes(change, one.first); });
  if (gone > 0) source = std::move(left);
}

}  // namespace ddsync
