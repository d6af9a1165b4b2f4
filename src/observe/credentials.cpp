#include "observe/credentials.h"

#include <algorithm>
#include <array>

#include "config/config.h"

namespace ddsync::observe {
namespace {

constexpr auto kSchemes = std::to_array<std::string_view>({"mongodb://", "mongodb+srv://"});
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kUriEnd = " \t\r\n\"'`<>|";

struct Found {
  size_t at = std::string_view::npos;
  size_t size = 0;
};

Found next_scheme(std::string_view text, size_t from) {
  Found found;
  for (const std::string_view scheme : kSchemes) {
    const size_t at = text.find(scheme, from);
    if (at < found.at) found = {at, scheme.size()};
  }
  return found;
}

// Where the connection string ends whose host part begins at `start`. A password may hold a quote or a bracket,
// so before the '@' only a blank or the next connection string ends it.
size_t uri_end(std::string_view text, size_t start) {
  const size_t limit = std::min({text.find_first_of(kBlanks, start), next_scheme(text, start).at, text.size()});
  const size_t at = text.substr(0, limit).rfind('@');
  const size_t tail = at == std::string_view::npos || at < start ? start : at;
  return std::min(text.find_first_of(kUriEnd, tail), limit);
}

}  // namespace

std::string mask_credentials(std::string_view text) {
  std::string masked;
  size_t from = 0;
  for (Found scheme = next_scheme(text, 0); scheme.at < text.size(); scheme = next_scheme(text, from)) {
    const size_t end = uri_end(text, scheme.at + scheme.size);
    masked += text.substr(from, scheme.at - from);
    masked += config::masked_uri(text.substr(scheme.at, end - scheme.at));
    from = end;
  }
  return masked.append(text.substr(from));
}

}  // namespace ddsync::observe
