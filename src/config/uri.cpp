// Connection strings: what may be shown of them, and the names they give to state files.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "config/config.h"

namespace ddsync::config {
namespace {

constexpr std::string_view kSrvScheme = "mongodb+srv://";
constexpr std::string_view kMask = "***";
constexpr std::array<std::string_view, 3> kSecretOptions = {
    "authmechanismproperties=", "tlscertificatekeyfilepassword=", "sslclientcertificatekeypassword="};

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

// Access tokens and key passwords may stand in the options.
void mask_options(std::string& uri) {
  for (const std::string_view option : kSecretOptions) {
    for (size_t at = lower(uri).find(option); at != std::string::npos;
         at = lower(uri).find(option, at + option.size())) {
      const size_t value = at + option.size();
      const size_t end = std::min(uri.find('&', value), uri.size());
      uri.replace(value, end - value, kMask);
    }
  }
}

std::string first_host(std::string_view uri) {
  std::string_view rest = uri.substr(uri.find("://") + 3);
  // A password may hold an unescaped '/' or '?': the last '@' ends it.
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) rest = rest.substr(at + 1);
  return std::string(rest.substr(0, rest.find_first_of("/?,")));
}

std::string md5_prefix(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr) != 1) return "unnamed";
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

std::string masked_uri(std::string_view uri) {
  const size_t scheme_end = uri.find("://");
  if (scheme_end == std::string_view::npos) return std::string(kMask);
  const std::string_view scheme = uri.substr(0, scheme_end + 3);
  const std::string_view rest = uri.substr(scheme.size());
  const size_t at = rest.rfind('@');
  std::string masked(scheme);
  if (at == std::string_view::npos) {
    masked += rest;
  } else {
    masked.append(kMask).append(":").append(kMask).append(rest.substr(at));
  }
  mask_options(masked);
  return masked;
}

std::string cluster_name(std::string_view uri) {
  if (uri.find("://") == std::string_view::npos) return md5_prefix(uri);
  const std::string host_and_port = first_host(uri);
  const size_t colon = host_and_port.rfind(':');
  const std::string host = host_and_port.substr(0, colon);
  std::string name = host.substr(0, host.find('.'));
  const bool is_srv = uri.substr(0, kSrvScheme.size()) == kSrvScheme;
  if (!is_srv && (host == "localhost" || host == "127.0.0.1")) {
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
