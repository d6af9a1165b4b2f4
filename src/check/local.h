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

struct DiskSpace {
  uint64_t state_free_bytes = 0;
  uint64_t spool_free_bytes = 0;
  uint64_t spool_held_bytes = 0;     // by its changes
  uint64_t spool_reserve_bytes = 0;  // set aside by it, which neither holds changes nor is free for them
};

// Pure: whether a start finds room, and a spool that grows to its limit.
Finding judge_disk(const DiskSpace& space, uint64_t spool_limit_bytes);

}  // namespace ddsync::check
