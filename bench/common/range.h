// Reading a range of a collection with the _ids 0, 1, 2 ...
#pragma once

#include "common/driver.h"
#include "common/parallel.h"

namespace ddsync::bench {

// In the order of _id, as whoever wants to continue a range has to read; `batch` documents a reply.
CursorHandle find_range(mongoc_collection_t* collection, Share ids, int32_t batch);

// Ends the tool when the reading failed.
void check_read(mongoc_cursor_t* cursor);

}  // namespace ddsync::bench
