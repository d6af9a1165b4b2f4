// The operator's way out of a lost history: `--accept-gap SCOPE` forgets the dead position of a stream, which
// then starts from now. Only streams that are in a gap can be named: a good position is never thrown away.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "engine/checkpoint.h"

namespace ddsync::runtime {

// Scopes of `checkpoint` that cannot go on.
std::vector<std::string> gaps(const Checkpoint& checkpoint);

// Takes the named gaps ("all": every one) out of `checkpoint` and gives their scopes. The error names what is
// not a gap and lists those that are; `checkpoint` is unchanged then.
tl::expected<std::vector<std::string>, std::string> accept_gaps(Checkpoint& checkpoint,
                                                                const std::vector<std::string>& accepted);

}  // namespace ddsync::runtime
