// What is seen to be wrong with connection strings before any connection is tried. No text holds a part of
// one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ddsync::config {

// Why it cannot be one; empty when nothing is seen here (the driver looks closer).
std::string uri_fault(std::string_view uri);

// What leaves the connection open to others although it works: each a warning.
std::vector<std::string> uri_weaknesses(std::string_view uri);

// Both name a server in common, whatever the users and options. Two ports of one host are two servers.
bool same_servers(std::string_view a, std::string_view b);

}  // namespace ddsync::config
