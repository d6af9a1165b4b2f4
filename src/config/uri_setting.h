// Connection strings from the file, the environment or a mounted secret.
#pragma once

#include <string>

#include "config/yaml_document.h"

namespace ddsync::config {

// The connection string of `side` ("source" or "target"), given as <side>.uri, .uri_env or .uri_file
// (relative to `folder`). Empty when there is a problem; no problem's text holds any part of a connection
// string.
std::string read_uri(const YamlDocument& yaml, const std::string& side, const std::string& folder);

// Both name the same servers, whatever the users and options.
bool same_servers(std::string_view a, std::string_view b);

}  // namespace ddsync::config
