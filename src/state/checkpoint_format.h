// Names and numbers of the state file that its writer and its reader share. Format: docs/state-file.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "engine/position.h"

namespace ddsync::state {

// Rises with every change that an older program would misread.
inline constexpr uint64_t kFormat = 1;

// The file is `{"checksum":"<16 hex digits>",\n` and the rest, which the checksum is of.
inline constexpr std::string_view kChecksumHead = "{\"checksum\":\"";
inline constexpr size_t kChecksumDigits = 16;
inline constexpr std::string_view kChecksumTail = "\",\n";

inline constexpr std::array<std::pair<PositionKind, std::string_view>, 4> kPositionNames{{
    {PositionKind::none, "none"},
    {PositionKind::resume_after, "resume_after"},
    {PositionKind::start_after, "start_after"},
    {PositionKind::operation_time, "operation_time"},
}};

std::string checksum_of(std::string_view rest);

}  // namespace ddsync::state
