// Change streams, by really opening those that a run would open.
#pragma once

#include "check/context.h"
#include "check/finding.h"

namespace ddsync::check {

// Opens up to 20 of the planned streams at "now" and closes them again; reads nothing of them.
Findings check_streams(Context& context);

}  // namespace ddsync::check
