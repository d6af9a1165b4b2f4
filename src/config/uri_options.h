// The options of a connection string that the driver knows; the others it ignores without a word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ddsync::config {

// Each one that is not known, with what may be meant.
struct UnknownOption {
  std::string told;  // "the option tlsCAFil is not known, did you mean tlsCAFile?"
  bool of_tls = false;
};
std::vector<UnknownOption> unknown_options(std::string_view uri);

}  // namespace ddsync::config
