// Lists and counts as a table words them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ddsync::check {

// The first ten of them, and how many more there are: "a, b and 3 more".
std::string some_of(const std::vector<std::string>& texts, std::string_view separator = ", ");

// "1 stream", "2 streams".
std::string counted(uint64_t number, std::string_view what);

// "12 bytes", "2.0 KiB", "14.0 MiB", "10.0 GiB".
std::string size_text(uint64_t bytes);

}  // namespace ddsync::check
