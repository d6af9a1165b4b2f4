// How far back the source can tell of changes: that is how long an outage or a copy may last.
#pragma once

#include <optional>

#include "check/context.h"
#include "check/finding.h"
#include "mongo/inspector.h"

namespace ddsync::check {

Findings check_history(Context& context);
// Only whether a saved state is in time; nothing where the source does not tell.
Findings check_saved(Context& context);

// Pure. `now_s`: the wall clock, seconds since 1970.
Finding judge_history(const mongo::HistoryWindow& window, int64_t now_s);
// Whether the source still has what came after the positions that were saved at `saved_at_s`; nothing when
// it has, with time to spare.
std::optional<Finding> judge_saved(const mongo::HistoryWindow& window, int64_t now_s, int64_t saved_at_s);
Finding history_of_documentdb(bool managed);

}  // namespace ddsync::check
