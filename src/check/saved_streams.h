// What the state, if there is one, has of the streams. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint.h"

namespace ddsync::check {

std::vector<std::string> saved_scopes(const std::optional<Checkpoint>& checkpoint);

// A stream without a position when it has none of that scope.
StreamCheckpoint saved_stream(const std::optional<Checkpoint>& checkpoint, const std::string& scope);

}  // namespace ddsync::check
