// A YAML file as a flat list of known settings ("section.key" -> node), every problem noted with its line.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace ddsync::config {

class YamlDocument {
 public:
  // `known`: all settings, "section.key" or "key". Parse errors and unknown or repeated keys become problems.
  YamlDocument(const std::string& text, std::vector<std::string_view> known, std::vector<Problem>& problems);

  // False when the file is not a YAML map: there are no settings to look at.
  bool readable() const { return readable_; }
  bool has(std::string_view setting) const { return settings_.count(std::string(setting)) > 0; }
  int line(std::string_view setting) const;
  void problem(std::string_view setting, const std::string& text) const;

  // Nothing when absent; a wrong type or value is a problem.
  std::optional<std::string> text(std::string_view setting) const;
  std::optional<uint64_t> number(std::string_view setting, uint64_t least, uint64_t most) const;
  struct Item {
    std::string text;
    int line = 0;
  };
  std::optional<std::vector<Item>> list(std::string_view setting) const;

 private:
  void read_section(const std::string& prefix, const YAML::Node& map);
  void read_entry(const std::string& name, const YAML::Node& key, const YAML::Node& value);
  bool is_known(std::string_view name) const;
  bool is_section(std::string_view name) const;
  std::string suggestion(std::string_view name) const;

  std::vector<std::string_view> known_;
  std::vector<Problem>& problems_;
  std::map<std::string, YAML::Node> settings_;
  bool readable_ = false;
};

}  // namespace ddsync::config
