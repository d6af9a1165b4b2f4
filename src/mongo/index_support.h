// What DocumentDB refuses of an index. Internal to mongo/. Pure, thread-safe. Sources: shared/SERVERS.md
// section 2; DocumentDB, pg_documentdb/src/commands/create_indexes.c. What MongoDB refuses as well is left
// out: no source has it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "bson/owned.h"

namespace ddsync::mongo {

bool is_text_index(const OwnedDocument& index);

// Why there can be no such index at all.
std::optional<std::string_view> missing_kind(const OwnedDocument& index);

struct RefusedIndexOption {
  std::string_view option;
  std::string_view why;  // for people
};

// Without these it can be made.
std::vector<RefusedIndexOption> refused_options(const OwnedDocument& index);

}  // namespace ddsync::mongo
