// Extended JSON (canonical, v2) over libbson: https://github.com/mongodb/specifications extended-json.
// For state files, the dead-letter file and messages to people; never on the hot path.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bson/owned.h"
#include "bson/view.h"

namespace ddsync {

// Canonical Extended JSON: every BSON type survives the way back. Damaged input gives an empty string.
std::string to_extended_json(DocumentView document);

// {"_id": value} without the braces and the name: the value alone, for messages.
std::string to_extended_json(ValueView value);

// The document that `json` describes, or nothing when it is not valid Extended JSON.
std::optional<OwnedDocument> from_extended_json(std::string_view json);

// A document with the single field `name`, for example {"_id": value}.
OwnedDocument wrap_value(std::string_view name, ValueView value);

}  // namespace ddsync
