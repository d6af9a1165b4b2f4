#include "config/text_file.h"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

namespace ddsync::config {

tl::expected<std::string, std::string> read_text_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return tl::unexpected(std::string("it is a directory"));
  std::ifstream file(path, std::ios::binary);
  if (!file) return tl::unexpected(std::generic_category().message(errno));
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace ddsync::config
