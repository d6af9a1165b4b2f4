#include "config/watch_setting.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/names.h"

namespace ddsync::config {
namespace {

constexpr std::string_view kCollections = "watch.collections";
constexpr std::string_view kExclude = "watch.exclude";
constexpr std::string_view kPlaceholder = "<database>.<collection>";

struct Listed {
  NamespacePattern pattern;
  int line = 0;
};

void problem(const YamlDocument& yaml, std::string_view setting, int line, const std::string& text) {
  yaml.problem_at(line, fmt::format("{}: {}", setting, text));
}

bool has_outer_blank(std::string_view name) { return name.starts_with(' ') || name.ends_with(' '); }

// No server has such a name: nothing would ever be synchronised.
std::string name_fault(const NamespacePattern& pattern) {
  constexpr size_t database_bytes_max = 63;
  if (pattern.database.find_first_of("/\\ \"$") != std::string::npos)
    return "a database name holds no blank, quote, slash, backslash or dollar sign";
  if (pattern.database.size() > database_bytes_max) return "a database name has at most 63 bytes";
  if (has_outer_blank(pattern.collection)) return "it ends with a blank or has one after the dot";
  return {};
}

std::optional<NamespacePattern> checked_pattern(const YamlDocument& yaml, std::string_view setting,
                                                const YamlDocument::Item& item) {
  if (item.text == kPlaceholder) {
    problem(yaml, setting, item.line,
            fmt::format("still holds the placeholder {}; list the collections to synchronise", kPlaceholder));
    return std::nullopt;
  }
  std::optional<NamespacePattern> pattern = parse_pattern(item.text);
  if (!pattern) {
    problem(yaml, setting, item.line,
            fmt::format("'{}' is not database.collection, database.* or *", shown(item.text)));
    return std::nullopt;
  }
  if (const std::string fault = name_fault(*pattern); !fault.empty()) {
    problem(yaml, setting, item.line, fmt::format("'{}' cannot exist: {}", shown(item.text), fault));
    return std::nullopt;
  }
  return pattern;
}

std::vector<Listed> patterns(const YamlDocument& yaml, std::string_view setting) {
  std::vector<Listed> result;
  for (const YamlDocument::Item& item : yaml.list(setting).value_or(std::vector<YamlDocument::Item>{})) {
    std::optional<NamespacePattern> pattern = checked_pattern(yaml, setting, item);
    if (!pattern) continue;
    const auto same = [&](const Listed& listed) { return listed.pattern == *pattern; };
    if (std::any_of(result.begin(), result.end(), same)) {
      problem(yaml, setting, item.line, fmt::format("'{}' is listed twice; remove one", shown(item.text)));
    } else {
      result.push_back({*std::move(pattern), item.line});
    }
  }
  return result;
}

bool holds_all_of(const NamespacePattern& wide, const NamespacePattern& narrow) {
  if (wide.database.empty()) return true;
  return wide.database == narrow.database &&
         (wide.collection.empty() || wide.collection == narrow.collection);
}

// What would be listed and never synchronised.
void check_watched(const YamlDocument& yaml, const std::vector<Listed>& watch,
                   const std::vector<Listed>& exclude) {
  for (const auto& [pattern, line] : watch) {
    if (is_system_namespace(pattern.database, pattern.collection)) {
      problem(yaml, kCollections, line,
              fmt::format("'{}' is a system namespace and never synchronised; remove it", pattern.text()));
    }
    for (const Listed& excluded : exclude) {
      if (!holds_all_of(excluded.pattern, pattern)) continue;
      problem(yaml, kCollections, line,
              fmt::format("'{}' is excluded whole by '{}' of watch.exclude; remove one of the two",
                          pattern.text(), excluded.pattern.text()));
    }
  }
}

void check_scope(const YamlDocument& yaml, const std::vector<Listed>& watch, Scope scope) {
  for (const auto& [pattern, line] : watch) {
    if (const std::string fault = scope_fault(scope, pattern); !fault.empty())
      problem(yaml, kCollections, line, fmt::format("'{}' {}", pattern.text(), fault));
  }
}

std::vector<NamespacePattern> without_lines(const std::vector<Listed>& listed) {
  std::vector<NamespacePattern> result;
  result.reserve(listed.size());
  for (const Listed& one : listed) result.push_back(one.pattern);
  return result;
}

}  // namespace

std::string scope_fault(Scope scope, const NamespacePattern& pattern) {
  if (scope == Scope::collection && pattern.collection.empty())
    return "cannot be watched with watch.scope: collection; list its collections, or use scope auto, "
           "database or cluster";
  if (scope == Scope::database && pattern.database.empty())
    return "cannot be watched with watch.scope: database; list database.*, or use scope auto or cluster";
  return {};
}

void read_watch(const YamlDocument& yaml, Config& config) {
  const size_t problems_before = yaml.problem_count();
  const std::vector<Listed> watch = patterns(yaml, kCollections);
  if (watch.empty() && yaml.problem_count() == problems_before) {
    yaml.problem_at(yaml.line(kCollections),
                    fmt::format("{} is {}; list database.collection, database.* or *", kCollections,
                                yaml.has(kCollections) ? "empty" : "missing"));
  }
  const std::vector<Listed> exclude = patterns(yaml, kExclude);
  check_watched(yaml, watch, exclude);
  config.watch = without_lines(watch);
  config.exclude = without_lines(exclude);
  yaml.choose("watch.scope", kScopeNames, config.scope);
  check_scope(yaml, watch, config.scope);
}

}  // namespace ddsync::config
