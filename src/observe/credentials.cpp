#include "observe/credentials.h"

#include <algorithm>
#include <array>

#include "config/config.h"

namespace ddsync::observe {
namespace {

constexpr std::array<std::string_view, 2> kSchemes = {"mongodb://", "mongodb+srv://"};
constexpr std::string_view kUriEnd = " \t\r\n\"'`<>|";

}  // namespace

std::string mask_credentials(std::string_view text) {
  std::string masked;
  size_t from = 0;
  while (from < text.size()) {
    size_t found = std::string_view::npos;
    std::string_view scheme;
    for (const std::string_view candidate : kSchemes) {
      const size_t at = text.find(candidate, from);
      if (at < found) {
        found = at;
        scheme = candidate;
      }
    }
    if (found == std::string_view::npos) break;
    const size_t start = found + scheme.size();
    const size_t end = std::min(text.find_first_of(kUriEnd, start), text.size());
    masked.append(text.substr(from, found - from))
        .append(config::masked_uri(text.substr(found, end - found)));
    from = end;
  }
  return masked.append(text.substr(std::min(from, text.size())));
}

}  // namespace ddsync::observe
