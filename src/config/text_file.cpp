#include "config/text_file.h"

#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>

namespace ddsync::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

tl::unexpected<std::string> system_reason() { return tl::unexpected(std::generic_category().message(errno)); }

}  // namespace

tl::expected<std::string, std::string> read_text_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return tl::unexpected(std::string("it is a directory"));
  std::ifstream file(path, std::ios::binary);
  if (!file) return system_reason();
  std::string text(kTextFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return system_reason();
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kTextFileBytesMax)
    return tl::unexpected(std::string("it is larger than 1 MiB, so it is another file than is meant"));
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  return text;
}

}  // namespace ddsync::config
