#include "config/uri_setting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "config/text_file.h"
#include "config/tls_files.h"
#include "config/uri_check.h"

namespace ddsync::config {
namespace {

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
  yaml.problem(setting, fmt::format("the environment variable {} is {}; export it or correct the name",
                                    shown(*name), value == nullptr ? "not set" : "empty"));
  return std::nullopt;
}

std::optional<std::string> from_file(const YamlDocument& yaml, const std::string& setting,
                                     const std::string& folder) {
  const std::optional<std::string> name = name_in(yaml, setting);
  if (!name) return std::nullopt;
  const auto content = read_text_file(std::filesystem::path(folder) / *name);
  if (!content) {
    yaml.problem(setting, fmt::format("the file {} cannot be read: {}; mount it or correct the path",
                                      shown(*name), content.error()));
    return std::nullopt;
  }
  std::string uri = trimmed(*content);
  if (!uri.empty()) return uri;
  yaml.problem(setting,
               fmt::format("the file {} is empty; it must hold the connection string", shown(*name)));
  return std::nullopt;
}

// The one of the three settings that is given; nothing, and a problem, when it is none or several.
std::optional<std::string> given_setting(const YamlDocument& yaml, const std::string& side) {
  std::vector<std::string> given;
  int last_line = 0;
  for (const char* way : {".uri", ".uri_env", ".uri_file"}) {
    const std::string setting = side + way;
    if (!yaml.has(setting)) continue;
    given.push_back(setting);
    last_line = std::max(last_line, yaml.line(setting));
  }
  if (given.size() == 1) return given.front();
  if (given.empty()) {
    yaml.problem_at(yaml.line(side),
                    fmt::format("{0}.uri is missing; give {0}.uri, {0}.uri_env or {0}.uri_file", side));
  } else {
    yaml.problem_at(last_line,
                    fmt::format("{} exclude each other; keep one of them", fmt::join(given, " and ")));
  }
  return std::nullopt;
}

std::optional<std::string> uri_of(const YamlDocument& yaml, const std::string& setting,
                                  const std::string& folder) {
  if (setting.ends_with("_env")) return from_environment(yaml, setting);
  if (setting.ends_with("_file")) return from_file(yaml, setting, folder);
  return yaml.text(setting);
}

// The driver's view and that of the files are only worth asking for where the whole is a connection string.
std::vector<std::string> faults_of(const std::string& uri, UriCheck driver_check) {
  if (std::string fault = uri_fault(uri); !fault.empty()) return {std::move(fault)};
  std::vector<std::string> faults = tls_file_faults(uri);
  if (driver_check == nullptr) return faults;
  if (std::string fault = driver_check(uri); !fault.empty()) faults.push_back(std::move(fault));
  return faults;
}

}  // namespace

UriSetting read_uri(const YamlDocument& yaml, const std::string& side, const std::string& folder,
                    UriCheck driver_check, std::vector<Problem>& warnings) {
  const std::optional<std::string> setting = given_setting(yaml, side);
  if (!setting) return {};
  const std::optional<std::string> uri = uri_of(yaml, *setting, folder);
  if (!uri) return {};
  const std::vector<std::string> faults = faults_of(*uri, driver_check);
  for (const std::string& fault : faults) yaml.problem(*setting, fault);
  if (!faults.empty()) return {};
  for (const std::string& weakness : uri_weaknesses(*uri)) {
    warnings.push_back({yaml.line(*setting), fmt::format("{}: {}", side, weakness)});
  }
  return {*uri, yaml.line(*setting)};
}

}  // namespace ddsync::config
