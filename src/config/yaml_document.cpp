#include "config/yaml_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace ddsync::config {
namespace {

int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

}  // namespace

YamlDocument::YamlDocument(const std::string& text, std::vector<std::string_view> known,
                           std::vector<Problem>& problems)
    : known_(std::move(known)), problems_(problems) {
  YAML::Node root;
  try {
    root = YAML::Load(text);
  } catch (const YAML::Exception& error) {
    problems_.push_back({error.mark.line + 1, fmt::format("not valid YAML: {}", error.msg)});
    return;
  }
  if (!root.IsMap()) {
    problems_.push_back({0, "the file holds no settings; start from config.example.yaml"});
    return;
  }
  readable_ = true;
  read_section("", root);
}

void YamlDocument::read_section(const std::string& prefix, const YAML::Node& map) {
  for (const auto& entry : map) {
    if (!entry.first.IsScalar()) {
      problems_.push_back({line_of(entry.first), "a key must be plain text"});
      continue;
    }
    read_entry(prefix + entry.first.Scalar(), entry.first, entry.second);
  }
}

void YamlDocument::read_entry(const std::string& name, const YAML::Node& key, const YAML::Node& value) {
  if (is_known(name)) {
    if (!settings_.emplace(name, value).second) {
      problems_.push_back({line_of(key), fmt::format("{} is given twice; keep one of them", name)});
    }
    return;
  }
  if (!is_section(name)) {
    problems_.push_back({line_of(key), fmt::format("unknown key {}{}", name, suggestion(name))});
    return;
  }
  if (value.IsNull()) return;
  if (!value.IsMap()) {
    problems_.push_back({line_of(key), fmt::format("{} must hold keys, indented below it", name)});
    return;
  }
  read_section(name + ".", value);
}

bool YamlDocument::is_known(std::string_view name) const {
  return std::find(known_.begin(), known_.end(), name) != known_.end();
}

bool YamlDocument::is_section(std::string_view name) const {
  const std::string prefix = std::string(name) + ".";
  return std::any_of(known_.begin(), known_.end(),
                     [&](std::string_view known) { return known.rfind(prefix, 0) == 0; });
}

// The known key that is nearest in writing, in the same section or another.
std::string YamlDocument::suggestion(std::string_view name) const {
  const auto distance = [&](std::string_view known) {
    return std::min(edit_distance(name, known), edit_distance(last_part(name), last_part(known)) + 1);
  };
  const auto nearest =
      std::min_element(known_.begin(), known_.end(),
                       [&](std::string_view a, std::string_view b) { return distance(a) < distance(b); });
  if (nearest == known_.end()) return {};
  return fmt::format("; the nearest known key is {}", *nearest);
}

int YamlDocument::line(std::string_view setting) const {
  const auto found = settings_.find(std::string(setting));
  return found == settings_.end() ? 0 : line_of(found->second);
}

void YamlDocument::problem(std::string_view setting, const std::string& text) const {
  problems_.push_back({line(setting), fmt::format("{}: {}", setting, text)});
}

std::optional<std::string> YamlDocument::text(std::string_view setting) const {
  const auto found = settings_.find(std::string(setting));
  if (found == settings_.end()) return std::nullopt;
  const YAML::Node& node = found->second;
  if (node.IsNull() || (node.IsScalar() && node.Scalar().empty())) {
    problem(setting, "is empty; give a value or remove the key");
    return std::nullopt;
  }
  if (!node.IsScalar()) {
    problem(setting, "must be a single value");
    return std::nullopt;
  }
  return node.Scalar();
}

std::optional<uint64_t> YamlDocument::number(std::string_view setting, uint64_t least, uint64_t most) const {
  const std::optional<std::string> given = text(setting);
  if (!given) return std::nullopt;
  uint64_t value = 0;
  const char* end = given->data() + given->size();
  const auto [stopped, error] = std::from_chars(given->data(), end, value);
  if (error != std::errc() || stopped != end || value < least || value > most) {
    problem(setting, fmt::format("'{}' must be a whole number from {} to {}", *given, least, most));
    return std::nullopt;
  }
  return value;
}

std::optional<std::vector<YamlDocument::Item>> YamlDocument::list(std::string_view setting) const {
  const auto found = settings_.find(std::string(setting));
  if (found == settings_.end()) return std::nullopt;
  const YAML::Node& node = found->second;
  if (node.IsNull()) return std::vector<Item>{};
  if (!node.IsSequence()) {
    problem(setting, "must be a list, one entry a line, each with a leading '- '");
    return std::nullopt;
  }
  std::vector<Item> items;
  for (const YAML::Node& item : node) {
    if (item.IsScalar() && !item.Scalar().empty()) {
      items.push_back({item.Scalar(), line_of(item)});
    } else {
      problems_.push_back({line_of(item), fmt::format("{}: an entry is empty or not plain text", setting)});
    }
  }
  return items;
}

}  // namespace ddsync::config
