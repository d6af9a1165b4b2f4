// How many letters must be added, removed or replaced to turn one word into another.
#pragma once

#include <cstddef>
#include <string_view>

namespace ddsync::config {

size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace ddsync::config
