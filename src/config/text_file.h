// A whole file as text.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <tl/expected.hpp>

namespace ddsync::config {

// Far above any configuration; a wrong path (/dev/zero, a data file) must not fill the memory.
inline constexpr size_t kTextFileBytesMax = 1U << 20;

// Without a byte order mark. The error says why it cannot be read, without the path.
tl::expected<std::string, std::string> read_text_file(const std::filesystem::path& path,
                                                      size_t bytes_max = kTextFileBytesMax);

}  // namespace ddsync::config
