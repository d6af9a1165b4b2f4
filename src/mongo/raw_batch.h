// A reply with a cursor as a RawBatch: its documents are viewed where they are. Internal to mongo/.
#pragma once

#include <string_view>

#include "engine/batch.h"
#include "mongo/handles.h"

namespace ddsync::mongo {

// `list`: firstBatch or nextBatch. The views stay valid as long as the batch's storage.
RawBatch to_raw_batch(Reply reply, std::string_view list);
RawBatch empty_raw_batch();
bool has_documents(const RawBatch& batch);

}  // namespace ddsync::mongo
