// Connection strings from the file, the environment or a mounted secret.
#pragma once

#include <string>

#include "config/yaml_document.h"

namespace ddsync::config {

struct UriSetting {
  std::string uri;  // empty when there is a problem
  int line = 0;     // where it is given
};

// The connection string of `side` ("source" or "target"), given as <side>.uri, .uri_env or .uri_file
// (relative to `folder`). What weakens the connection becomes a warning. No text holds any part of it.
UriSetting read_uri(const YamlDocument& yaml, const std::string& side, const std::string& folder,
                    UriCheck driver_check, std::vector<Problem>& warnings);

}  // namespace ddsync::config
