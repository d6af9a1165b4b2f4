// The names that servers give to the state file, as the original service made them: its state must be found.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>

#include "config/config.h"
#include "config/plain_text.h"
#include "config/uri.h"

namespace ddsync::config {
namespace {

constexpr size_t kHashBytes = 6;

std::string md5_prefix(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  // One made-up name for all would mix up the states of different servers.
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr) != 1)
    throw std::runtime_error("MD5, for the name of the state file, is not available in this OpenSSL");
  std::string hex;
  for (size_t i = 0; i < kHashBytes; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

// A name becomes part of a file name.
bool is_plain(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == ':';
  });
}

std::string without_brackets(std::string_view host) {
  if (host.starts_with('[')) host.remove_prefix(1);
  return std::string(host.substr(0, host.find(']')));
}

// Python's urlparse, which the original used but for mongodb+srv with a user, gives hosts in lower case.
std::string name_in(std::string_view uri) {
  const std::vector<UriServer> servers = servers_of(uri);
  if (servers.empty()) return {};
  const bool kept_as_written = is_srv(uri) && uri.find('@') != std::string_view::npos;
  const std::string host = without_brackets(servers.front().host);
  const std::string name = kept_as_written ? host : lower(host);
  if (!kept_as_written && (name == "localhost" || name == "127.0.0.1")) {
    const std::string_view port = servers.front().port;
    return fmt::format("{}_{}", name, port.empty() ? "27017" : port);
  }
  return name.substr(0, name.find('.'));
}

}  // namespace

std::string cluster_name(std::string_view uri) {
  const std::string name = uri.find("://") == std::string_view::npos ? std::string() : name_in(uri);
  return is_plain(name) ? name : md5_prefix(uri);
}

std::string state_path(const Config& config) {
  return fmt::format("{}/.documentdb_sync_state_{}_to_{}.json", config.state_directory,
                     cluster_name(config.source_uri), cluster_name(config.target_uri));
}

}  // namespace ddsync::config
