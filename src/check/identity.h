// Whether the source is the one that the saved positions are of.
#pragma once

#include "check/context.h"
#include "check/finding.h"

namespace ddsync::check {

// No row without a state that knows its source.
Findings check_identity(Context& context);

}  // namespace ddsync::check
