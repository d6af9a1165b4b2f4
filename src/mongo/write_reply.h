// What the server's replies to write commands mean. Pure; internal to mongo/.
#pragma once

#include <cstddef>

#include "engine/write.h"

namespace ddsync::mongo {

inline constexpr int kBsonObjectTooLarge = 10334;

// The outcome that a reply tells. Write concern errors fail the batch: done somewhere, proven nowhere. So
// does a reply that is damaged or contradicts itself.
// {n, writeErrors: [{index, code ...}]}: what was inserted or replaced (matched or upserted: MongoDB, the
// same in DocumentDB's update.c) and the errors are all operations together. Of deletions only the server
// knows how many found something.
WriteOutcome parse_write_reply(DocumentView reply, WriteKind kind, size_t operations);
// Of bulkWrite with errorsOnly: {cursor: {id, firstBatch: [{ok: 0, idx, code ...}]}, nErrors, nInserted ...}
WriteOutcome parse_bulk_reply(DocumentView reply, const WriteBatch& batch);

// The outcome of a command that failed as a whole. One that must be split and holds one operation only is
// that operation's error.
WriteOutcome failed_outcome(Error error, size_t operations);

}  // namespace ddsync::mongo
