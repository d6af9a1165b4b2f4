// The files of certificates that a connection string names. The driver opens them when it connects, and what
// is wrong with them looks like a server that does not answer: it would be waited for without end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ddsync::config {

// Why each of them cannot be used, with its option and path. None when the connection is not encrypted: then
// nothing reads them.
std::vector<std::string> tls_file_faults(std::string_view uri);

}  // namespace ddsync::config
