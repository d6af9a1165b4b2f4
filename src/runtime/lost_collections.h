// Collections that an earlier run copied or followed, and that the target does not have any more: somebody
// dropped them there, or it is another target. What was copied or applied once does not come again by itself.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/options.h"
#include "engine/source_identity.h"
#include "mongo/reader.h"

namespace ddsync::runtime {

// Those that a start expects at the target: of the collections that `known` and the state name, those whose
// copy has begun to write, or is done. With CopyMode::off nothing says that they were ever copied: none.
// Pure.
std::vector<Namespace> expected_on_target(const Checkpoint& checkpoint, const SourceIdentity& known,
                                          CopyMode mode);

// Says which of them are not there although the source holds documents in them: a warning for the first
// ones. Gives how many; nothing where that could not be asked. May take as long as the servers do.
std::optional<size_t> warn_of_lost(mongo::Reader& source, mongo::Reader& target,
                                   const std::vector<Namespace>& expected);

}  // namespace ddsync::runtime
