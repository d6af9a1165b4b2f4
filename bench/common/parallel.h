// Loops on several connections at once, one thread each.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/driver.h"

namespace ddsync::bench {

struct Share {  // of the numbers 0..n-1: first..end-1
  int64_t first = 0;
  int64_t end = 0;
};

// Connects `connections` clients, says `ready`, waits for `go`, and then runs `loop` with an equal share of
// 0..total-1 on each of them at the same time. Prints the measurement of the part after `go`.
void run_in_parallel(const std::string& uri, int64_t connections, int64_t total,
                     const std::function<void(mongoc_client_t*, Share)>& loop);

}  // namespace ddsync::bench
