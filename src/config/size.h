// Sizes as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ddsync::config {

// "256 MiB", "1GiB", "64MB", "1048576" (bytes). Nothing when it is none of them or too large.
std::optional<uint64_t> parse_size(std::string_view text);

// The units that a number may have, for a message.
std::string size_units();

// The shortest exact spelling: "256 MiB".
std::string print_size(uint64_t bytes);

}  // namespace ddsync::config
