// How the values of the enumerations are spelled in the file; read and printed by the same tables.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "config/config.h"

namespace ddsync::config {

template <typename T>
using Name = std::pair<std::string_view, T>;

inline constexpr auto kScopeNames = std::to_array<Name<Scope>>({{"auto", Scope::automatic},
                                                                {"collection", Scope::collection},
                                                                {"database", Scope::database},
                                                                {"cluster", Scope::cluster}});
inline constexpr auto kFenceNames =
    std::to_array<Name<Fence>>({{"auto", Fence::automatic},
                                {"transaction_number", Fence::transaction_number},
                                {"compare", Fence::compare}});
inline constexpr auto kInitialSyncModeNames = std::to_array<Name<CopyMode>>(
    {{"off", CopyMode::off}, {"auto", CopyMode::automatic}, {"always", CopyMode::always}});
inline constexpr auto kTargetNotEmptyNames = std::to_array<Name<TargetNotEmpty>>(
    {{"refuse", TargetNotEmpty::refuse}, {"merge", TargetNotEmpty::merge}, {"drop", TargetNotEmpty::drop}});
inline constexpr auto kUnsupportedNames =
    std::to_array<Name<Unsupported>>({{"stop", Unsupported::stop}, {"warn", Unsupported::warn}});
inline constexpr auto kIndexesNames = std::to_array<Name<Indexes>>(
    {{"after_copy", Indexes::after_copy}, {"before_copy", Indexes::before_copy}, {"off", Indexes::off}});
inline constexpr auto kOnErrorNames =
    std::to_array<Name<OnError>>({{"stop", OnError::stop}, {"quarantine", OnError::quarantine}});
inline constexpr auto kLogLevelNames = std::to_array<Name<LogLevel>>({{"DEBUG", LogLevel::debug},
                                                                      {"INFO", LogLevel::info},
                                                                      {"WARNING", LogLevel::warning},
                                                                      {"ERROR", LogLevel::error}});
inline constexpr auto kLogFormatNames =
    std::to_array<Name<LogFormat>>({{"text", LogFormat::text}, {"json", LogFormat::json}});

}  // namespace ddsync::config
