// A whole file as text.
#pragma once

#include <filesystem>
#include <string>
#include <tl/expected.hpp>

namespace ddsync::config {

// The error says why it cannot be read, without the path.
tl::expected<std::string, std::string> read_text_file(const std::filesystem::path& path);

}  // namespace ddsync::config
