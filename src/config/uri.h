// The parts of a connection string that matter before a driver reads it.
#pragma once

#include <string_view>

namespace ddsync::config {

bool is_srv(std::string_view uri);

// "host:port,host:port" without user and options; a view into `uri`. Empty when there is none.
std::string_view hosts_of(std::string_view uri);

}  // namespace ddsync::config
