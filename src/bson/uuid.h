// UUIDs of collections, as listings (`info.uuid`) and change events (`collectionUUID`) give them.
#pragma once

#include <string>

#include "bson/view.h"

namespace ddsync {

// In hex; "" when `value` is no binary.
std::string uuid_text(const ValueView& value);

}  // namespace ddsync
