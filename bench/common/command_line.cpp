#include "common/command_line.h"

#include <fmt/format.h>

#include <cstdlib>

namespace ddsync::bench {

void add_place(CLI::App& app, Place& place) {
  app.add_option("--uri", place.uri)->required();
  app.add_option("--database", place.database);
  app.add_option("--collection", place.collection);
}

void parse_or_exit(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
}

std::string collection_name(const Place& place, int64_t collections, int64_t index) {
  return collections == 1 ? place.collection : fmt::format("{}{}", place.collection, index);
}

}  // namespace ddsync::bench
