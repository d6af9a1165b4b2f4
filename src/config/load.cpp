// YAML -> Config: reads every setting and gathers all problems.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "config/config.h"
#include "config/names.h"
#include "config/size.h"
#include "config/text_file.h"
#include "config/uri_check.h"
#include "config/uri_setting.h"
#include "config/watch_setting.h"
#include "config/yaml_document.h"

namespace ddsync::config {
namespace {

constexpr auto kKnownSettings = std::to_array<std::string_view>(
    {"source.uri", "source.uri_env", "source.uri_file", "target.uri", "target.uri_env", "target.uri_file",
     "watch.collections", "watch.exclude", "watch.scope", "state.directory", "state.persist_interval",
     "apply.writers", "apply.fence", "apply.late_write_max", "on_error", "memory.limit", "logging.level",
     "logging.format", "logging.status_interval"});

constexpr uint32_t kWritersMax = 256;
constexpr uint32_t kPersistIntervalMax = 1'000'000;
constexpr uint32_t kSecondsMax = 86'400;
constexpr uint64_t kMemoryLeast = 16u << 20;  // one largest document and its copy on the way out
constexpr uint64_t kMemoryMost = 1ull << 40;  // more is a slip of the pen

// Absolute, without "." and "..", without a slash at its end.
std::string normal_path(const std::filesystem::path& path) {
  const std::filesystem::path normal = std::filesystem::absolute(path).lexically_normal();
  return normal.has_filename() ? normal.string() : normal.parent_path().string();
}

void read_servers(const YamlDocument& yaml, const std::string& folder, Config& config) {
  UriSetting source = read_uri(yaml, "source", folder, config.warnings);
  UriSetting target = read_uri(yaml, "target", folder, config.warnings);
  if (same_servers(source.uri, target.uri)) {
    yaml.problem_at(std::max(source.line, target.line),
                    "source and target are the same server; correct one of the two connection strings");
  }
  config.source_uri = std::move(source.uri);
  config.target_uri = std::move(target.uri);
}

void read_state(const YamlDocument& yaml, const std::string& folder, Config& config) {
  config.state_directory = folder;
  if (const auto directory = yaml.text("state.directory"))
    config.state_directory = normal_path(std::filesystem::path(folder) / *directory);
  yaml.number("state.persist_interval", 1, kPersistIntervalMax, config.persist_interval);
}

void read_apply(const YamlDocument& yaml, Config& config) {
  yaml.number("apply.writers", 1, kWritersMax, config.writers);
  yaml.choose("apply.fence", kFenceNames, config.fence);
  auto late_write_max_s = static_cast<uint32_t>(config.late_write_max_ms / 1000);
  yaml.number("apply.late_write_max", 1, kSecondsMax, late_write_max_s, "seconds");
  config.late_write_max_ms = int64_t{late_write_max_s} * 1000;
  yaml.choose("on_error", kOnErrorNames, config.on_error);
}

void read_memory(const YamlDocument& yaml, Config& config) {
  const auto given = yaml.text("memory.limit");
  if (!given) return;
  const std::optional<uint64_t> bytes = parse_size(*given);
  if (!bytes) {
    yaml.problem("memory.limit",
                 fmt::format("'{}' is not a size; write 256 MiB, 1 GiB or a number of bytes", shown(*given)));
  } else if (*bytes < kMemoryLeast || *bytes > kMemoryMost) {
    yaml.problem("memory.limit", fmt::format("'{}' is out of range; give {} to {}", shown(*given),
                                             print_size(kMemoryLeast), print_size(kMemoryMost)));
  } else {
    config.memory_limit_bytes = *bytes;
  }
}

void read_logging(const YamlDocument& yaml, Config& config) {
  yaml.choose("logging.level", kLogLevelNames, config.log_level);
  yaml.choose("logging.format", kLogFormatNames, config.log_format);
  yaml.number("logging.status_interval", 0, kSecondsMax, config.status_interval_s, "seconds");
}

}  // namespace

std::span<const std::string_view> known_settings() { return kKnownSettings; }

tl::expected<Config, std::vector<Problem>> load(const std::string& path) {
  std::vector<Problem> problems;
  const auto content = read_text_file(path);
  if (!content) {
    problems.push_back({0, fmt::format("cannot be read: {}; name the file with --config", content.error())});
    return tl::unexpected(std::move(problems));
  }
  const YamlDocument yaml(*content, known_settings(), problems);
  if (!yaml.readable()) return tl::unexpected(std::move(problems));

  const std::string folder = normal_path(std::filesystem::absolute(path).parent_path());
  Config config;
  config.path = path;
  read_servers(yaml, folder, config);
  read_watch(yaml, config);
  read_state(yaml, folder, config);
  read_apply(yaml, config);
  read_memory(yaml, config);
  read_logging(yaml, config);
  if (problems.empty()) return config;
  std::stable_sort(problems.begin(), problems.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  return tl::unexpected(std::move(problems));
}

}  // namespace ddsync::config
