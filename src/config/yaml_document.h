// A YAML file as a flat list of known settings ("section.key" -> value), every problem noted with its line.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"

namespace ddsync::config {

// A name or value of the file as a message repeats it: short, on one line, no part of a connection string.
std::string shown(std::string_view text);

class YamlDocument {
 public:
  // `known`: all settings, "section.key" or "key". Parse errors and unknown or repeated keys become problems.
  // All three must outlive the document: the functions below look into `text` and add to `problems`.
  YamlDocument(const std::string& text, std::span<const std::string_view> known,
               std::vector<Problem>& problems);

  // False when the file is not a YAML map: there are no settings to look at.
  bool readable() const { return readable_; }
  bool has(std::string_view setting) const { return settings_.find(setting) != settings_.end(); }
  int line(std::string_view name) const;  // of the key of a setting or a section; 0 when absent

  void problem(std::string_view setting, const std::string& text) const;
  void problem_at(int line, const std::string& text) const { problems_.push_back({line, text}); }
  size_t problem_count() const { return problems_.size(); }

  // Nothing when absent; a wrong type or an empty value is a problem.
  std::optional<std::string> text(std::string_view setting) const;
  struct Item {
    std::string text;
    int line = 0;
  };
  std::optional<std::vector<Item>> list(std::string_view setting) const;

  // These leave `value` as it is when the setting is absent, or wrong, which is a problem.
  void number(std::string_view setting, uint32_t least, uint32_t most, uint32_t& value,
              std::string_view unit = {}) const;
  template <typename T, size_t N>
  void choose(std::string_view setting, const std::array<std::pair<std::string_view, T>, N>& names,
              T& value) const;  // in any case

 private:
  struct Setting {
    YAML::Node value;
    int line = 0;
  };

  void read_section(const std::string& prefix, const YAML::Node& map);
  void read_entry(const std::string& name, int line, const YAML::Node& value);
  bool is_known(std::string_view name) const;
  bool is_section(std::string_view name) const;
  std::string unknown_key(std::string_view name) const;
  std::string nearest(std::string_view name) const;
  std::optional<size_t> choice(std::string_view setting, std::span<const std::string_view> names) const;

  const std::string& text_;
  std::span<const std::string_view> known_;
  std::vector<std::string_view> sections_;
  std::vector<Problem>& problems_;
  std::map<std::string, Setting, std::less<>> settings_;
  std::map<std::string, int, std::less<>> section_lines_;
  bool readable_ = false;
};

template <typename T, size_t N>
void YamlDocument::choose(std::string_view setting,
                          const std::array<std::pair<std::string_view, T>, N>& names, T& value) const {
  std::array<std::string_view, N> spelled;
  for (size_t i = 0; i < N; ++i) spelled[i] = names[i].first;
  if (const std::optional<size_t> chosen = choice(setting, spelled)) value = names[*chosen].second;
}

}  // namespace ddsync::config
