#include "config/yaml_document.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "config/edit_distance.h"
#include "config/plain_text.h"
#include "config/yaml_text.h"
#include "engine/utf8.h"

namespace ddsync::config {
namespace {

constexpr size_t kShownMax = 80;
constexpr std::string_view kMergeKey = "<<";

int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

std::vector<std::string_view> sections_of(std::span<const std::string_view> settings) {
  std::vector<std::string_view> sections;
  for (const std::string_view setting : settings) {
    const size_t dot = setting.find('.');
    if (dot == std::string_view::npos) continue;
    const std::string_view section = setting.substr(0, dot);
    if (std::find(sections.begin(), sections.end(), section) == sections.end()) sections.push_back(section);
  }
  return sections;
}

size_t common_beginning(std::string_view a, std::string_view b) {
  const auto ends = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<size_t>(ends.first - a.begin());
}

// Half of it is the same, or most of the shorter one begins the other: "logs" and "logging".
bool could_mean(std::string_view name, std::string_view known) {
  return edit_distance(name, known) * 2 <= std::max(name.size(), known.size()) ||
         common_beginning(name, known) * 4 >= std::min(name.size(), known.size()) * 3;
}

}  // namespace

std::string shown(std::string_view text) {
  const bool may_be_secret =
      text.find('@') != std::string_view::npos || text.find("://") != std::string_view::npos;
  return may_be_secret ? "(not repeated here)" : one_line(shortened(text, kShownMax));
}

YamlDocument::YamlDocument(const std::string& text, std::span<const std::string_view> known,
                           std::vector<Problem>& problems)
    : text_(text), known_(known), sections_(sections_of(known_)), problems_(problems) {
  const auto root = parse_yaml(text);
  if (!root) {
    problems_.push_back(root.error());
    return;
  }
  if (!root->IsMap()) {
    problem_at(0, "the file holds no settings; start from config.example.yaml");
    return;
  }
  readable_ = true;
  read_section("", *root);
}

void YamlDocument::read_section(const std::string& prefix, const YAML::Node& map) {
  for (const auto& entry : map) {
    const int line = line_of(entry.first);
    if (!entry.first.IsScalar()) {
      problem_at(line, "a key must be plain text");
    } else if (const std::string& key = entry.first.Scalar(); key == kMergeKey) {
      problem_at(line, "<< (a merge key) is not supported; write the keys out");
    } else if (const size_t dot = key.find('.'); dot != std::string::npos) {
      problem_at(line, is_known(key)
                           ? fmt::format("{} must be nested: write {}: on a line of its own and {}: "
                                         "indented below it",
                                         key, key.substr(0, dot), key.substr(dot + 1))
                           : unknown_key(prefix + key));
    } else {
      read_entry(prefix + key, line, entry.second);
    }
  }
}

void YamlDocument::read_entry(const std::string& name, int line, const YAML::Node& value) {
  const bool is_setting = is_known(name);
  if (!is_setting && !is_section(name)) {
    problem_at(line, unknown_key(name));
    return;
  }
  const bool is_first = is_setting ? settings_.emplace(name, Setting{value, line}).second
                                   : section_lines_.emplace(name, line).second;
  if (!is_first) problem_at(line, fmt::format("{} is given twice; keep one of them", name));
  if (is_setting || value.IsNull()) return;
  if (value.IsMap()) {
    read_section(name + ".", value);
  } else {
    problem_at(line, fmt::format("{} must hold keys, indented below it", name));
  }
}

bool YamlDocument::is_known(std::string_view name) const {
  return std::find(known_.begin(), known_.end(), name) != known_.end();
}

bool YamlDocument::is_section(std::string_view name) const {
  return std::find(sections_.begin(), sections_.end(), name) != sections_.end();
}

std::string YamlDocument::unknown_key(std::string_view name) const {
  const std::string meant = nearest(name);
  return meant.empty() ? fmt::format("{} is not a known key; config.example.yaml names them all", shown(name))
                       : fmt::format("{} is not a known key; did you mean {}?", shown(name), meant);
}

// The key that is nearest in writing, or none; one of another section (a forgotten or wrong indentation) is a
// step farther. Of equally near ones, the one that begins like it.
std::string YamlDocument::nearest(std::string_view name) const {
  std::string_view best;
  std::pair<size_t, size_t> least{std::string_view::npos, 0};
  const auto consider = [&](std::string_view candidate) {
    if (!could_mean(last_part(name), last_part(candidate))) return;
    const size_t distance =
        std::min(edit_distance(name, candidate), edit_distance(last_part(name), last_part(candidate)) + 1);
    const std::pair<size_t, size_t> rank{distance, name.size() - common_beginning(name, candidate)};
    if (rank >= least) return;
    least = rank;
    best = candidate;
  };
  std::for_each(known_.begin(), known_.end(), consider);
  std::for_each(sections_.begin(), sections_.end(), consider);
  return std::string(best);
}

int YamlDocument::line(std::string_view name) const {
  if (const auto setting = settings_.find(name); setting != settings_.end()) return setting->second.line;
  const auto section = section_lines_.find(name);
  return section == section_lines_.end() ? 0 : section->second;
}

void YamlDocument::problem(std::string_view setting, const std::string& text) const {
  problem_at(line(setting), fmt::format("{}: {}", setting, text));
}

std::optional<std::string> YamlDocument::text(std::string_view setting) const {
  const auto found = settings_.find(setting);
  if (found == settings_.end()) return std::nullopt;
  const YAML::Node& node = found->second.value;
  if (node.IsNull() || (node.IsScalar() && node.Scalar().empty())) {
    problem(setting, "is empty; give a value or remove the key");
    return std::nullopt;
  }
  if (!node.IsScalar()) {
    problem(setting, "must be a single value, not a list or a group of keys");
    return std::nullopt;
  }
  return node.Scalar();
}

void YamlDocument::number(std::string_view setting, uint32_t least, uint32_t most, uint32_t& value,
                          std::string_view unit) const {
  const std::optional<std::string> given = text(setting);
  if (!given) return;
  uint32_t number = 0;
  const char* end = given->data() + given->size();
  const auto [stopped, error] = std::from_chars(given->data(), end, number);
  if (error == std::errc() && stopped == end && number >= least && number <= most) {
    value = number;
  } else {
    problem(setting, fmt::format("'{}' is wrong; give a whole number{}{} from {} to {}{}", shown(*given),
                                 unit.empty() ? "" : " of ", unit, least, most,
                                 unit.empty() ? "" : ", without a unit"));
  }
}

std::optional<size_t> YamlDocument::choice(std::string_view setting,
                                           std::span<const std::string_view> names) const {
  const std::optional<std::string> given = text(setting);
  if (!given) return std::nullopt;
  const std::string wanted = lower(*given);
  for (size_t i = 0; i < names.size(); ++i) {
    if (lower(names[i]) == wanted) return i;
  }
  problem(setting, fmt::format("'{}' is wrong; give one of {}", shown(*given), fmt::join(names, ", ")));
  return std::nullopt;
}

std::optional<std::vector<YamlDocument::Item>> YamlDocument::list(std::string_view setting) const {
  const auto found = settings_.find(setting);
  if (found == settings_.end()) return std::nullopt;
  const YAML::Node& node = found->second.value;
  if (node.IsNull()) return std::vector<Item>{};
  if (!node.IsSequence()) {
    problem(setting, "must be a list, one entry a line, each after '- '");
    return std::nullopt;
  }
  std::vector<Item> items;
  for (const YAML::Node& item : node) {
    if (item.IsScalar() && !item.Scalar().empty()) {
      items.push_back({item.Scalar(), line_of(item)});
    } else {
      problem_at(line_of_value(text_, item),
                 fmt::format("{}: an entry is empty or not plain text; correct or remove it", setting));
    }
  }
  return items;
}

}  // namespace ddsync::config
