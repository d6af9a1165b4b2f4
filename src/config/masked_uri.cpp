// What may be shown of a connection string.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "config/config.h"
#include "config/plain_text.h"
#include "config/uri.h"

namespace ddsync::config {
namespace {

constexpr std::string_view kMask = "***";
// Parts of the names of options whose values are secret: authMechanismProperties may hold a session token.
constexpr auto kSecretWords = std::to_array<std::string_view>(
    {"password", "passphrase", "pwd", "authmechanismproperties", "token", "secret", "credential"});

// Looked for in the whole option: some readers take ';' as a separator too, and then the option hides
// another.
bool is_secret(std::string_view option) {
  const std::string text = lower(option);
  return std::any_of(kSecretWords.begin(), kSecretWords.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

std::string masked_option(std::string_view option) {
  if (!is_secret(option)) return std::string(option);
  const size_t equals = option.find('=');
  if (equals == std::string_view::npos) return std::string(kMask);
  return std::string(option.substr(0, equals + 1)).append(kMask);
}

// "/db?a=b&c=d", the options one by one.
std::string masked_path(std::string_view path) {
  const size_t question = path.find('?');
  if (question == std::string_view::npos) return std::string(path);
  std::string masked(path.substr(0, question + 1));
  std::string_view rest = path.substr(question + 1);
  while (true) {
    const size_t end = rest.find('&');
    masked += masked_option(rest.substr(0, end));
    if (end == std::string_view::npos) return masked;
    masked += '&';
    rest.remove_prefix(end + 1);
  }
}

// "user:password", cut off before its '@', must not pass for "host:port".
bool looks_like_server(const UriServer& server) {
  const auto is_host_character = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("-_.[]:%").find(static_cast<char>(c)) != std::string::npos;
  };
  return std::all_of(server.host.begin(), server.host.end(), is_host_character) &&
         std::all_of(server.port.begin(), server.port.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

std::string masked_uri(std::string_view uri) {
  const size_t scheme_end = uri.find("://");
  if (scheme_end == std::string_view::npos) return std::string(kMask);
  const std::string_view scheme = uri.substr(0, scheme_end + 3);
  const std::string_view rest = after_scheme(uri);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  const std::string_view path = rest.substr(authority.size());
  const std::vector<UriServer> servers = servers_of(uri);
  const bool is_clear = std::all_of(servers.begin(), servers.end(), looks_like_server);
  // A password with an unescaped '/' or '?' puts an '@' into the path: nothing tells what may be shown.
  if (!is_clear || path.find('@') != std::string_view::npos) return fmt::format("{}{}", scheme, kMask);
  const bool has_user = authority.find('@') != std::string_view::npos;
  return fmt::format("{}{}{}{}", scheme, has_user ? "***:***@" : "", hosts_of(uri), masked_path(path));
}

}  // namespace ddsync::config
