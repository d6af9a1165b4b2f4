// A batch as a server's reply brings it.
#pragma once

#include <string>

#include "engine/batch.h"

namespace ddsync::sim {

// `list`: a BSON array; `token`: a document, or empty when there is none.
RawBatch make_batch(const std::string& list, const std::string& token);

}  // namespace ddsync::sim
