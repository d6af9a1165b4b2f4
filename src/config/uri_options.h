// The options of a connection string that the driver knows; the others it ignores without a word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/uri.h"

namespace ddsync::config {

// Each one that is not known, with what may be meant.
struct UnknownOption {
  std::string told;  // "the option tlsCAFil is not known, did you mean tlsCAFile?"
  bool of_tls = false;
};
std::vector<UnknownOption> unknown_options(std::string_view uri);

bool is_on(const UriOption& option);

// The driver's rule: `tls` decides; without it any other option of TLS switches it on.
bool is_encrypted(std::string_view uri);

}  // namespace ddsync::config
