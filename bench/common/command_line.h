// What the command lines of all tools have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace ddsync::bench {

struct Place {
  std::string uri;
  std::string database = "bench";
  std::string collection = "documents";
};

// --uri (required), --database and --collection.
void add_place(CLI::App& app, Place& place);

// Ends the tool after --help and after a mistake.
void parse_or_exit(CLI::App& app, int argc, char** argv);

// The collection itself, or the one of this number when there are several: NAME0, NAME1 ...
std::string collection_name(const Place& place, int64_t collections, int64_t index);

}  // namespace ddsync::bench
