// What a run needs of this machine: the state, folders that can be written, free disk.
#pragma once

#include "check/context.h"
#include "check/finding.h"

namespace ddsync::check {

// Loads the state (reading only) into the context, and tries its folder with a file that is removed again.
Findings check_state(Context& context);
Findings check_disk(Context& context);
// Its last part: nothing is written.
Findings check_free_disk(Context& context);

// Pure: what `spool_limit_bytes` needs against what is free, or the spool's already, in the folders of state
// and spool.
Finding judge_disk(uint64_t state_free_bytes, uint64_t spool_free_bytes, uint64_t spool_limit_bytes);

}  // namespace ddsync::check
