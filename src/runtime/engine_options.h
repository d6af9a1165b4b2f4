// What the engine is told of the configuration, of the state and of the servers.
#pragma once

#include <vector>

#include "engine/copy_plan.h"
#include "engine/options.h"
#include "runtime/durable_state.h"
#include "runtime/servers.h"
#include "runtime/service.h"

namespace ddsync::runtime {

// With a seed of its own each time. Not the source's identity: it is asked for later.
EngineOptions engine_options(const ServiceOptions& service, std::vector<WatchScope> streams,
                             const DurableState& state, const Servers& servers);

}  // namespace ddsync::runtime
