#include "config/uri_setting.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "config/text_file.h"
#include "config/uri.h"

namespace ddsync::config {
namespace {

constexpr auto kPlaceholders =
    std::to_array<std::string_view>({"<SOURCE_CONNECTION_STRING>", "<TARGET_CONNECTION_STRING>"});
constexpr std::string_view kBlanks = " \t\r\n\v\f";

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kBlanks) - first + 1));
}

// The name of an environment variable or a file; a connection string there is a common slip.
std::optional<std::string> name_in(const YamlDocument& yaml, const std::string& setting) {
  std::optional<std::string> name = yaml.text(setting);
  if (name && name->find("://") != std::string::npos) {
    yaml.problem(setting, "holds a connection string; it must name where that is found, or be given as uri");
    return std::nullopt;
  }
  return name;
}

std::optional<std::string> from_environment(const YamlDocument& yaml, const std::string& setting) {
  const std::optional<std::string> name = name_in(yaml, setting);
  if (!name) return std::nullopt;
  const char* value = std::getenv(name->c_str());
  std::string uri = trimmed(value == nullptr ? "" : value);
  if (!uri.empty()) return uri;
  yaml.problem(setting, fmt::format("the environment variable {} is {}; export it or correct the name", *name,
                                    value == nullptr ? "not set" : "empty"));
  return std::nullopt;
}

std::optional<std::string> from_file(const YamlDocument& yaml, const std::string& setting,
                                     const std::string& folder) {
  const std::optional<std::string> name = name_in(yaml, setting);
  if (!name) return std::nullopt;
  const auto content = read_text_file(std::filesystem::path(folder) / *name);
  if (!content) {
    yaml.problem(setting, fmt::format("the file {} cannot be read: {}; mount it or correct the path", *name,
                                      content.error()));
    return std::nullopt;
  }
  std::string uri = trimmed(*content);
  if (!uri.empty()) return uri;
  yaml.problem(setting, fmt::format("the file {} is empty; it must hold the connection string", *name));
  return std::nullopt;
}

// What is wrong with it; empty when nothing is seen here (the driver looks closer).
std::string fault(std::string_view uri) {
  for (const std::string_view placeholder : kPlaceholders) {
    if (uri.find(placeholder) != std::string_view::npos)
      return fmt::format("still holds the placeholder {}; fill in the connection string", placeholder);
  }
  if (!uri.starts_with("mongodb://") && !uri.starts_with("mongodb+srv://"))
    return "a connection string starts with mongodb:// or mongodb+srv://";
  const bool has_gap =
      std::any_of(uri.begin(), uri.end(), [](unsigned char c) { return c <= ' ' || c == 127; });
  if (has_gap) return "the connection string holds a blank; write it as %20, or remove it";
  if (hosts_of(uri).empty())
    return "the connection string names no server; it reads mongodb://user:password@host";
  return {};
}

std::set<std::string> normalised_hosts(std::string_view uri) {
  std::set<std::string> hosts;
  std::string_view rest = hosts_of(uri);
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    std::string host(rest.substr(0, comma));
    std::transform(host.begin(), host.end(), host.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const bool has_port =
        host.find(':', host.find(']') == std::string::npos ? 0 : host.find(']')) != std::string::npos;
    hosts.insert(has_port || is_srv(uri) ? host : host + ":27017");
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return hosts;
}

}  // namespace

std::string read_uri(const YamlDocument& yaml, const std::string& side, const std::string& folder) {
  const std::string plain = side + ".uri";
  const std::string by_env = side + ".uri_env";
  const std::string by_file = side + ".uri_file";
  const int given = int{yaml.has(plain)} + int{yaml.has(by_env)} + int{yaml.has(by_file)};
  if (given == 0) {
    yaml.problem_at(0, fmt::format("{} is missing; give {}, {} or {}", plain, plain, by_env, by_file));
    return {};
  }
  if (given > 1) {
    yaml.problem_at(
        std::max({yaml.line(plain), yaml.line(by_env), yaml.line(by_file)}),
        fmt::format("{}, {} and {} exclude each other; keep one of them", plain, by_env, by_file));
    return {};
  }
  const std::string& setting = yaml.has(plain) ? plain : yaml.has(by_env) ? by_env : by_file;
  const std::optional<std::string> uri = yaml.has(plain)    ? yaml.text(plain)
                                         : yaml.has(by_env) ? from_environment(yaml, by_env)
                                                            : from_file(yaml, by_file, folder);
  if (!uri) return {};
  if (const std::string what = fault(*uri); !what.empty()) {
    yaml.problem(setting, what);
    return {};
  }
  return *uri;
}

bool same_servers(std::string_view a, std::string_view b) {
  return is_srv(a) == is_srv(b) && normalised_hosts(a) == normalised_hosts(b);
}

}  // namespace ddsync::config
