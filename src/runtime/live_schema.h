// Changes of collections, options and indexes that the source told of while its stream was live: what of them
// the target can take. Every one may be repeated. Thread-safety: one thread.
#pragma once

#include <optional>

#include "config/config.h"
#include "engine/schema_change.h"
#include "mongo/reader.h"
#include "mongo/writer.h"

namespace ddsync::runtime {

// All of it must outlive the call.
struct BothSides {
  mongo::Reader& source;
  mongo::Reader& target;
  const mongo::ServerInfo& target_info;
};

// create, modify or drop_indexes through `writer`. What the target cannot have is left out with a warning, or
// refused for good (Treatment::permanent), as `unsupported` says.
std::optional<Error> carry_out_live(const SchemaChange& change, config::Unsupported unsupported,
                                    const BothSides& sides, mongo::Writer& writer,
                                    const NamespaceFilter& filter);

void warn_of_other_options(const Namespace& ns);

// What the target cannot have of indexes is only warned of: the others help.
void warn_of_unsupported(const Namespace& ns, const std::vector<OwnedDocument>& indexes,
                         const mongo::ServerInfo& target);

}  // namespace ddsync::runtime
