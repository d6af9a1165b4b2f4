// What the server's replies to write commands mean. Pure; internal to mongo/.
#pragma once

#include <cstddef>

#include "engine/write.h"

namespace ddsync::mongo {

inline constexpr int kBsonObjectTooLarge = 10334;

// The outcome that a reply tells, to bulkWrite too. Write concern errors fail the batch: done somewhere,
// proven nowhere.
WriteOutcome parse_write_reply(DocumentView reply, size_t operations);

// The outcome of a command that failed as a whole. One that must be split and holds one operation only is
// that operation's error.
WriteOutcome failed_outcome(Error error, size_t operations);

}  // namespace ddsync::mongo
