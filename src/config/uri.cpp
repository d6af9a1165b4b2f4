// Connection strings: what may be shown of them, and the names they give to state files.
#include "config/uri.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>
#include <string>

#include "config/config.h"

namespace ddsync::config {
namespace {

constexpr std::string_view kSrvScheme = "mongodb+srv://";
constexpr std::string_view kMask = "***";
// Parts of the names of options whose values are secret: authMechanismProperties may hold a session token.
constexpr auto kSecretOptions =
    std::to_array<std::string_view>({"password", "authmechanismproperties", "token", "secret"});

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view after_scheme(std::string_view uri) {
  const size_t scheme_end = uri.find("://");
  return scheme_end == std::string_view::npos ? uri : uri.substr(scheme_end + 3);
}

std::string masked_option(std::string_view option) {
  const size_t equals = option.find('=');
  const std::string name = lower(option.substr(0, equals));
  const bool is_secret =
      std::any_of(kSecretOptions.begin(), kSecretOptions.end(),
                  [&](std::string_view secret) { return name.find(secret) != std::string::npos; });
  return is_secret ? std::string(option.substr(0, equals)).append("=").append(kMask) : std::string(option);
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

std::string md5_prefix(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  // One made-up name for all would mix up the states of different servers.
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr) != 1)
    throw std::runtime_error("MD5, for the name of the state file, is not available in this OpenSSL");
  std::string hex;
  for (size_t i = 0; i < 6; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

// A name becomes part of a file name.
bool is_plain(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

bool is_srv(std::string_view uri) { return uri.starts_with(kSrvScheme); }

std::string_view hosts_of(std::string_view uri) {
  const std::string_view rest = after_scheme(uri);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  const size_t at = authority.rfind('@');
  return at == std::string_view::npos ? authority : authority.substr(at + 1);
}

std::string masked_uri(std::string_view uri) {
  const size_t scheme_end = uri.find("://");
  if (scheme_end == std::string_view::npos) return std::string(kMask);
  const std::string scheme(uri.substr(0, scheme_end + 3));
  const std::string_view rest = uri.substr(scheme.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  const size_t at = authority.rfind('@');
  const std::string_view path = rest.substr(authority.size());
  // A password with an unescaped '/' or '?' looks like this: nothing tells what may be shown.
  if (path.find('@') != std::string_view::npos) return scheme + std::string(kMask);
  if (at == std::string_view::npos) return scheme + std::string(authority) + masked_path(path);
  return fmt::format("{}{}:{}{}{}", scheme, kMask, kMask, authority.substr(at), masked_path(path));
}

std::string cluster_name(std::string_view uri) {
  if (uri.find("://") == std::string_view::npos) return md5_prefix(uri);
  const std::string_view hosts = hosts_of(uri);
  const std::string host_and_port(hosts.substr(0, hosts.find(',')));
  const size_t colon = host_and_port.rfind(':');
  const std::string host = host_and_port.substr(0, colon);
  std::string name = host.substr(0, host.find('.'));
  if (!is_srv(uri) && (host == "localhost" || host == "127.0.0.1")) {
    const std::string port = colon == std::string::npos ? "27017" : host_and_port.substr(colon + 1);
    name = host + "_" + port;
  }
  return is_plain(name) ? name : md5_prefix(uri);
}

std::string state_path(const Config& config) {
  return fmt::format("{}/.documentdb_sync_state_{}_to_{}.json", config.state_directory,
                     cluster_name(config.source_uri), cluster_name(config.target_uri));
}

}  // namespace ddsync::config
