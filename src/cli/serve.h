// What `run` and `copy` have in common.
#pragma once

#include "runtime/service.h"

namespace ddsync::cli {

// The mode of a run that is to copy whatever the configuration says: auto (unfinished copies go on, finished
// ones are left alone) unless it says always.
CopyMode copying(CopyMode configured);

// Starts the log and then the service, which ends the process.
[[noreturn]] void serve(runtime::ServiceOptions options);

}  // namespace ddsync::cli
