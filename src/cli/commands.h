// The commands, one file each. Each returns the exit code of the process, or ends the process itself.
#pragma once

#include "cli/arguments.h"

namespace ddsync::cli {

int run(const Arguments& arguments);
int copy(const Arguments& arguments);
int check(const Arguments& arguments);

}  // namespace ddsync::cli
