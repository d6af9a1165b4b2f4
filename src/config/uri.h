// The parts of a connection string that matter before a driver reads it. All views point into the string
// given.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ddsync::config {

bool is_srv(std::string_view uri);

// What stands behind "://", or all of it.
std::string_view after_scheme(std::string_view uri);

// What stands between the scheme and the first / or ?: user, password and hosts.
std::string_view authority_of(std::string_view uri);

// "host:port,host:port" without user and options. Empty when there is none.
std::string_view hosts_of(std::string_view uri);

struct UriServer {
  std::string_view host;  // "[::1]" with its brackets
  std::string_view port;  // empty when not given
};
std::vector<UriServer> servers_of(std::string_view uri);

struct UriOption {
  std::string_view name;
  std::string_view value;
};
std::vector<UriOption> options_of(std::string_view uri);

// "%2F" is "/". A % without two hexadecimal digits behind it stays.
std::string percent_decoded(std::string_view text);

}  // namespace ddsync::config
