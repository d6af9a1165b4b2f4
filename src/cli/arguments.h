// What the command line asks for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ddsync::cli {

enum class Command : uint8_t { run, copy, check };

struct Arguments {
  Command command = Command::run;
  std::string config_path = "config.yaml";
  bool reset = false;
  bool same_source = false;
  bool print_config = false;
  bool initial_sync = false;
  bool json = false;  // of check
  std::vector<std::string> accept_gaps;
};

}  // namespace ddsync::cli
