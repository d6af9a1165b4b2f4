// How far back the source can tell of changes: that is how long an outage or a copy may last.
#pragma once

#include "check/context.h"
#include "check/finding.h"
#include "mongo/inspector.h"

namespace ddsync::check {

Findings check_history(Context& context);

// Pure. `now_s`: the wall clock, seconds since 1970.
Finding judge_history(const mongo::HistoryWindow& window, int64_t now_s);
Finding history_of_documentdb(bool managed);

}  // namespace ddsync::check
