// What a start knows of itself, for those who look at it without deciding anything.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "config/config.h"

namespace ddsync::runtime {

struct Servers;

struct AtStart {
  const config::Config& config;
  Servers& servers;
  std::optional<int64_t> saved_at_s;  // when the source was last read, if the state tells
};

// Runs on a thread of its own beside the service: it delays no start, and a server that hangs holds up
// nothing. Must not throw.
using LookAtStart = std::function<void(const AtStart&)>;

}  // namespace ddsync::runtime
