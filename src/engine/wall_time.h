// The time of day in a change event, as servers spell it: a BSON date, or (DocumentDB, measured) a string.
// Only for showing lag: no decision depends on it. Thread-safety: pure. Errors: what is not understood is 0.
#pragma once

#include <cstdint>
#include <string_view>

namespace ddsync {

// Milliseconds since 1970 of `2026-11-25T10:00:00.123456Z`: ISO 8601 with `T` or a blank, with or without a
// fraction, with `Z`, an offset (`+02:00`, `+0200`, `+02`) or nothing (UTC). 0 = not understood.
int64_t parse_wall_time_ms(std::string_view text);

}  // namespace ddsync
