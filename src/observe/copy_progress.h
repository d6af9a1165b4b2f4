// The initial copy for people: a line in the log every few seconds, one live line on a terminal. Pure.
#pragma once

#include <optional>
#include <string>

#include "engine/status.h"

namespace ddsync::observe {

// How fast the copy is, over the time between two snapshots.
struct CopyPace {
  double documents_per_second = 0;
  double bytes_per_second = 0;
};
CopyPace copy_pace(const CopyProgress& before, const CopyProgress& now, double interval_s);

// Nothing when it cannot be told: no total, no pace, or an estimate that was passed already.
std::optional<double> remaining_seconds(const CopyProgress& now, const CopyPace& pace);

// "copy: phase=copying collections=3/12 documents=1 234 567/5 000 000 (24 %) rate=52 000/s 46.8 MB/s
// remaining=1m12s errors=0; now: shop.orders 24 %, shop.items 3 % and 2 more"
std::string copy_log_line(const CopyProgress& now, const CopyPace& pace);

// The whole and up to three collections, what matters most first: a narrow terminal cuts the line.
// "copying [#####...............] 24 % | 52 000/s | 46.8 MB/s | 1m12s left | 3/12 | shop.orders [#....] 24 %"
std::string copy_progress_line(const CopyProgress& now, const CopyPace& pace);

}  // namespace ddsync::observe
