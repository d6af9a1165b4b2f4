#include "config/uri.h"

#include <algorithm>
#include <charconv>

namespace ddsync::config {
namespace {

constexpr std::string_view kSrvScheme = "mongodb+srv://";

// The parts of `text` between separators; none of an empty text.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

UriServer server_of(std::string_view text) {
  const size_t bracket = text.find(']');
  const size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

bool is_srv(std::string_view uri) { return uri.starts_with(kSrvScheme); }

std::string_view after_scheme(std::string_view uri) {
  const size_t scheme_end = uri.find("://");
  return scheme_end == std::string_view::npos ? uri : uri.substr(scheme_end + 3);
}

std::string_view authority_of(std::string_view uri) {
  const std::string_view rest = after_scheme(uri);
  return rest.substr(0, rest.find_first_of("/?"));
}

std::string_view hosts_of(std::string_view uri) {
  const std::string_view authority = authority_of(uri);
  const size_t at = authority.rfind('@');
  return at == std::string_view::npos ? authority : authority.substr(at + 1);
}

std::vector<UriServer> servers_of(std::string_view uri) {
  std::vector<UriServer> servers;
  for (const std::string_view text : split(hosts_of(uri), ',')) servers.push_back(server_of(text));
  return servers;
}

std::vector<UriOption> options_of(std::string_view uri) {
  std::vector<UriOption> options;
  const std::string_view rest = after_scheme(uri);
  const size_t question = rest.find('?');
  if (question == std::string_view::npos) return options;
  for (const std::string_view text : split(rest.substr(question + 1), '&')) {
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) {
      options.push_back({text, {}});
    } else {
      options.push_back({text.substr(0, equals), text.substr(equals + 1)});
    }
  }
  return options;
}

std::string percent_decoded(std::string_view text) {
  constexpr size_t escape_size = 3;
  std::string decoded;
  while (!text.empty()) {
    unsigned char byte = 0;
    const char* const end = text.data() + std::min(text.size(), escape_size);
    const bool is_escape = text.front() == '%' && text.size() >= escape_size &&
                           std::from_chars(text.data() + 1, end, byte, 16).ptr == end;
    decoded += is_escape ? static_cast<char>(byte) : text.front();
    text.remove_prefix(is_escape ? escape_size : 1);
  }
  return decoded;
}

}  // namespace ddsync::config
