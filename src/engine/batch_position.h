// Where the source is behind a batch that goes to the spool unseen by the engine.
#pragma once

#include <optional>

#include "engine/batch.h"
#include "engine/position.h"

namespace ddsync {

struct BatchPosition {
  StreamPosition after;      // none: the batch is empty and the server gave no token
  bool invalidated = false;  // its last event is an invalidate: the server has closed the cursor
  BatchSize size;
};

// `opened`: the position that the cursor was opened with; a source that has not moved gives its token back.
// Nothing when an event cannot be understood: such a batch must not be kept, it would stay so.
std::optional<BatchPosition> position_behind(DocumentView events, DocumentView post_batch_token,
                                             const StreamPosition& opened);

}  // namespace ddsync
