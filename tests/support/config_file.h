// A configuration file in a folder of its own, and what loading it gives.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "support/temporary_folder.h"

namespace ddsync::test {

inline constexpr std::string_view kServers =
    "source: {uri: 'mongodb://127.0.0.1:1'}\n"
    "target: {uri: 'mongodb://127.0.0.1:2'}\n";
inline constexpr std::string_view kWatch = "watch: {collections: [db.coll]}\n";

// Three good lines and then `more`, which begins at line 4.
inline std::string good_with(std::string_view more) {
  return std::string(kServers).append(kWatch).append(more);
}

class ConfigFile {
 public:
  explicit ConfigFile(std::string_view text) { write("config.yaml", text); }

  // A new file each time: ext4 waits for the disk when one is written over.
  void write(const std::string& name, std::string_view text) const {
    std::filesystem::remove(folder_.path() + "/" + name);
    std::ofstream(folder_.path() + "/" + name, std::ios::binary) << text;
  }
  const std::string& folder() const { return folder_.path(); }
  std::string path() const { return folder_.path() + "/config.yaml"; }
  auto load() const { return config::load(path()); }

  // "line: text" of each, in the order reported; none when it loads.
  std::vector<std::string> problems() const {
    std::vector<std::string> lines;
    if (const auto config = load(); !config) {
      for (const config::Problem& problem : config.error())
        lines.push_back(std::to_string(problem.line) + ": " + problem.text);
    }
    return lines;
  }

 private:
  TemporaryFolder folder_;
};

inline std::vector<std::string> problems_of(std::string_view text) { return ConfigFile(text).problems(); }

// The only problem of `text`; a list of all when it is not the only one.
inline std::string problem_of(std::string_view text) {
  std::string all;
  for (const std::string& problem : problems_of(text)) all += (all.empty() ? "" : "\n") + problem;
  return all;
}

}  // namespace ddsync::test
