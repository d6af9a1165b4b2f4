#include "config/text_file.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>

#include "config/size.h"

namespace ddsync::config {
namespace {

constexpr size_t kPieceBytes = 16U << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

tl::unexpected<std::string> system_reason() { return tl::unexpected(std::generic_category().message(errno)); }

}  // namespace

tl::expected<std::string, std::string> read_text_file(const std::filesystem::path& path, size_t bytes_max) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return tl::unexpected(std::string("it is a directory"));
  std::ifstream file(path, std::ios::binary);
  if (!file) return system_reason();
  std::string text;
  std::array<char, kPieceBytes> piece;
  while (text.size() <= bytes_max && file.good()) {
    file.read(piece.data(), piece.size());
    text.append(piece.data(), static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return system_reason();
  if (text.size() > bytes_max)
    return tl::unexpected(
        fmt::format("it is larger than {}, so it is another file than is meant", print_size(bytes_max)));
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  return text;
}

}  // namespace ddsync::config
