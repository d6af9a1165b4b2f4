// What a changed watch list does to the streams of a state. Log lines only: it is the operator's wish.
#pragma once

#include <vector>

#include "engine/checkpoint.h"
#include "engine/copy_plan.h"
#include "engine/namespace.h"
#include "engine/options.h"

namespace ddsync::runtime {

// Warns of positions that are forgotten with this start, and of streams that begin at it without a copy.
void say_watch_changes(const std::vector<WatchScope>& streams, const Checkpoint& checkpoint, CopyMode mode);

}  // namespace ddsync::runtime
