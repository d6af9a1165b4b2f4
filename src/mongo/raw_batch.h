// A reply with a cursor as a RawBatch: its documents are viewed where they are. Internal to mongo/.
#pragma once

#include "engine/batch.h"
#include "mongo/handles.h"
#include "mongo/reply.h"

namespace ddsync::mongo {

// `cursor` views `reply`. The views stay valid as long as the batch's storage.
RawBatch to_raw_batch(Reply reply, const CursorReply& cursor);
RawBatch empty_raw_batch();
bool has_documents(const RawBatch& batch);

}  // namespace ddsync::mongo
