// Names and numbers of the state file that its writer and its reader share. Format: docs/state-file.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "engine/copy_checkpoint.h"
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

inline constexpr std::array<std::pair<StreamCopy, std::string_view>, 4> kCopyNames{{
    {StreamCopy::none, "none"},
    {StreamCopy::planning, "planning"},
    {StreamCopy::copying, "copying"},
    {StreamCopy::catching_up, "catching_up"},
}};

inline constexpr std::array<std::pair<CollectionLeft::Step, std::string_view>, 4> kStepNames{{
    {CollectionLeft::Step::prepare, "prepare"},
    {CollectionLeft::Step::copy, "copy"},
    {CollectionLeft::Step::indexes, "indexes"},
    {CollectionLeft::Step::late_indexes, "late_indexes"},
}};

std::string checksum_of(std::string_view rest);

}  // namespace ddsync::state
