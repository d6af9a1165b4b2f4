// How `documentdb-sync copy` ends, once all that was to be copied is.
#pragma once

#include "runtime/durable_state.h"
#include "runtime/service.h"
#include "runtime/start_look.h"

namespace ddsync::runtime {

// A copy that found a state copies only what that lacked: refused_document where an earlier run left
// documents aside, or the target has lost what it was given. Says so. Waits some seconds for what the start
// looks at.
ExitCode judge_copy(const DurableState& state, const StartLook& look);

}  // namespace ddsync::runtime
