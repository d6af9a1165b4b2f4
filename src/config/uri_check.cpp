#include "config/uri_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <set>

#include "config/plain_text.h"
#include "config/uri.h"
#include "config/uri_options.h"

namespace ddsync::config {
namespace {

constexpr auto kPlaceholders =
    std::to_array<std::string_view>({"<SOURCE_CONNECTION_STRING>", "<TARGET_CONNECTION_STRING>"});
// Names of one address. Others of 127.0.0.0/8 are loopback too, but may be servers of their own.
constexpr auto kLocalhost = std::to_array<std::string_view>({"localhost", "127.0.0.1", "[::1]"});
constexpr std::string_view kDefaultPort = "27017";

struct Weakness {
  std::string_view option;
  std::string_view consequence;
};
constexpr auto kWeaknesses = std::to_array<Weakness>(
    {{"tlsinsecure", "neither its certificate nor its host name is verified"},
     {"tlsallowinvalidcertificates", "its certificate is not verified"},
     {"sslallowinvalidcertificates", "its certificate is not verified"},
     {"tlsallowinvalidhostnames", "the host name in its certificate is not verified"},
     {"sslallowinvalidhostnames", "the host name in its certificate is not verified"}});

template <size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view text) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_loopback(std::string_view host) {
  return is_one_of(kLocalhost, host) ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

// "host:port" in one spelling each.
std::string canonical(const UriServer& server, bool is_srv) {
  std::string host = lower(server.host);
  if (host.ends_with('.')) host.pop_back();
  if (is_srv) return host;
  if (is_one_of(kLocalhost, host)) host = kLocalhost.front();
  return fmt::format("{}:{}", host, server.port.empty() ? kDefaultPort : server.port);
}

std::set<std::string> canonical_servers(std::string_view uri) {
  std::set<std::string> result;
  for (const UriServer& server : servers_of(uri)) result.insert(canonical(server, is_srv(uri)));
  return result;
}

bool is_local(std::string_view uri) {
  const std::vector<UriServer> servers = servers_of(uri);
  return std::all_of(servers.begin(), servers.end(), [](const UriServer& server) {
    return is_loopback(lower(server.host)) || server.host.ends_with(".sock");
  });
}

constexpr std::string_view kEncode =
    "special characters in user name and password are percent-encoded: @ as %40, : as %3A, / as %2F, ? as "
    "%3F, % as %25";

bool is_hexadecimal(char c) {
  return std::string_view("0123456789abcdefABCDEF").find(c) != std::string_view::npos;
}

bool has_bad_escape(std::string_view text) {
  for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (at + 2 >= text.size() || !is_hexadecimal(text[at + 1]) || !is_hexadecimal(text[at + 2])) return true;
  }
  return false;
}

bool is_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0;
}

// Never with any of its text: a part of the password may stand where a host or port should.
std::string authority_fault(std::string_view uri) {
  const std::string_view authority = authority_of(uri);
  const size_t at = authority.find('@');
  const bool has_user = at != std::string_view::npos;
  const std::string_view user = has_user ? authority.substr(0, at) : std::string_view();
  const bool is_ambiguous = std::count(authority.begin(), authority.end(), '@') > 1 || has_bad_escape(user);
  if (is_ambiguous) return std::string(kEncode);
  for (const UriServer& server : servers_of(uri)) {
    if (server.host.empty()) return "a server without a name stands in the list of servers";
    if (server.port.empty() || is_port(server.port)) continue;
    return has_user ? std::string("a port is a number from 1 to 65535")
                    : fmt::format("a port is a number from 1 to 65535; {}", kEncode);
  }
  return {};
}

}  // namespace

std::string uri_fault(std::string_view uri) {
  for (const std::string_view placeholder : kPlaceholders) {
    if (uri.find(placeholder) != std::string_view::npos)
      return fmt::format("still holds the placeholder {}; fill in the connection string", placeholder);
  }
  if (!uri.starts_with("mongodb://") && !uri.starts_with("mongodb+srv://"))
    return "a connection string starts with mongodb:// or mongodb+srv://";
  const bool has_gap =
      std::any_of(uri.begin(), uri.end(), [](unsigned char c) { return c <= ' ' || c == 127; });
  if (has_gap) return "the connection string holds a blank; write it as %20, or remove it";
  if (hosts_of(uri).empty())
    return "the connection string names no server; it reads mongodb://user:password@host";
  if (std::string fault = authority_fault(uri); !fault.empty()) return fault;
  for (const UnknownOption& unknown : unknown_options(uri)) {
    if (unknown.of_tls)
      return unknown.told + "; without effect, it would leave the connection less safe than it looks";
  }
  return {};
}

std::vector<std::string> uri_weaknesses(std::string_view uri) {
  std::vector<std::string> result;
  for (const UnknownOption& unknown : unknown_options(uri))
    result.push_back(unknown.told + "; it has no effect");
  if (!is_encrypted(uri)) {
    if (!is_local(uri))
      result.emplace_back(
          "the connection is not encrypted: who sits between can read and change all documents; use "
          "tls=true");
    return result;
  }
  for (const UriOption& option : options_of(uri)) {
    const std::string name = lower(option.name);
    for (const Weakness& weakness : kWeaknesses) {
      if (name != weakness.option || !is_on(option)) continue;
      result.push_back(fmt::format("{}=true: any server can pose as this one, {}; use tlsCAFile instead",
                                   option.name, weakness.consequence));
    }
  }
  return result;
}

bool same_servers(std::string_view a, std::string_view b) {
  if (is_srv(a) != is_srv(b)) return false;
  const std::set<std::string> servers = canonical_servers(a);
  const std::set<std::string> others = canonical_servers(b);
  return std::any_of(others.begin(), others.end(),
                     [&](const std::string& server) { return servers.count(server) != 0; });
}

}  // namespace ddsync::config
