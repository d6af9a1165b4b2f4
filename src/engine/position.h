// Where a stream is, or is to be, resumed.
#pragma once

#include <cstdint>

#include "bson/owned.h"

namespace ddsync {

enum class PositionKind : uint8_t {
  none,            // no position: a new stream starts at "now"
  resume_after,    // `token`
  start_after,     // `token` of an invalidate: resumeAfter would be refused (260)
  operation_time,  // `operation_time`: the server gave no token before the first event
};

struct StreamPosition {
  PositionKind kind = PositionKind::none;
  ResumeToken token;
  uint64_t operation_time = 0;  // BSON timestamp: seconds << 32 | increment

  bool known() const { return kind != PositionKind::none; }
  friend bool operator==(const StreamPosition&, const StreamPosition&) = default;
};

}  // namespace ddsync
