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

constexpr auto kKnownSettings = std::to_array<std::string_view>({"source.uri",
                                                                 "source.uri_env",
                                                                 "source.uri_file",
                                                                 "target.uri",
                                                                 "target.uri_env",
                                                                 "target.uri_file",
                                                                 "watch.collections",
                                                                 "watch.exclude",
                                                                 "watch.scope",
                                                                 "initial_sync.mode",
                                                                 "initial_sync.target_not_empty",
                                                                 "initial_sync.readers",
                                                                 "initial_sync.writers",
                                                                 "initial_sync.max_bytes_per_second",
                                                                 "schema.unsupported",
                                                                 "indexes",
                                                                 "spool.limit",
                                                                 "spool.directory",
                                                                 "state.directory",
                                                                 "state.persist_interval",
                                                                 "apply.writers",
                                                                 "apply.fence",
                                                                 "apply.late_write_max",
                                                                 "on_error",
                                                                 "memory.limit",
                                                                 "logging.level",
                                                                 "logging.format",
                                                                 "logging.status_interval"});

constexpr uint32_t kWritersMax = 256;
constexpr uint32_t kReadersMax = 64;
constexpr uint32_t kPersistIntervalMax = 1'000'000;
constexpr uint32_t kSecondsMax = 86'400;

// What a size may be. More is a slip of the pen.
struct SizeRange {
  uint64_t least = 0;
  uint64_t most = 0;
  bool or_zero = false;
};
constexpr SizeRange kMemory{16u << 20, 1ull << 40};  // one largest document and its copy on the way out
constexpr SizeRange kCopyRate{64u << 10, 1ull << 40, true};     // less would take years: a unit was left out
constexpr SizeRange kSpoolLimit{64u << 20, 64ull << 40, true};  // less than the store needs for itself

// Absolute, without "." and "..", without a slash at its end.
std::string normal_path(const std::filesystem::path& path) {
  const std::filesystem::path normal = std::filesystem::absolute(path).lexically_normal();
  return normal.has_filename() ? normal.string() : normal.parent_path().string();
}

void read_servers(const YamlDocument& yaml, const std::string& folder, UriCheck driver_check,
                  Config& config) {
  UriSetting source = read_uri(yaml, "source", folder, driver_check, config.warnings);
  UriSetting target = read_uri(yaml, "target", folder, driver_check, config.warnings);
  if (same_servers(source.uri, target.uri)) {
    yaml.problem_at(std::max(source.line, target.line),
                    "source and target are the same server; correct one of the two connection strings");
  }
  config.source_uri = std::move(source.uri);
  config.target_uri = std::move(target.uri);
}

void read_size(const YamlDocument& yaml, std::string_view setting, SizeRange range, uint64_t& value) {
  const auto given = yaml.text(setting);
  if (!given) return;
  const std::optional<uint64_t> bytes = parse_size(*given);
  if (!bytes) {
    yaml.problem(setting,
                 fmt::format("'{}' is not a size; give a whole number of bytes, or with one of the units {}",
                             shown(*given), size_units()));
  } else if ((*bytes < range.least || *bytes > range.most) && !(range.or_zero && *bytes == 0)) {
    yaml.problem(setting,
                 fmt::format("'{}' is out of range; give {}{} to {}", shown(*given),
                             range.or_zero ? "0 or " : "", print_size(range.least), print_size(range.most)));
  } else {
    value = *bytes;
  }
}

// Relative to the file's folder.
void read_directory(const YamlDocument& yaml, std::string_view setting, const std::string& folder,
                    const std::string& otherwise, std::string& value) {
  const auto directory = yaml.text(setting);
  value = directory ? normal_path(std::filesystem::path(folder) / *directory) : otherwise;
}

void read_state(const YamlDocument& yaml, const std::string& folder, Config& config) {
  read_directory(yaml, "state.directory", folder, folder, config.state_directory);
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

// After read_apply(): its writers are the copy's where nothing is said.
void read_initial_sync(const YamlDocument& yaml, Config& config) {
  InitialSync& copy = config.initial_sync;
  yaml.choose("initial_sync.mode", kInitialSyncModeNames, copy.mode);
  yaml.choose("initial_sync.target_not_empty", kTargetNotEmptyNames, copy.target_not_empty);
  yaml.number("initial_sync.readers", 1, kReadersMax, copy.readers);
  copy.writers = config.writers;
  yaml.number("initial_sync.writers", 1, kWritersMax, copy.writers);
  read_size(yaml, "initial_sync.max_bytes_per_second", kCopyRate, copy.bytes_per_second_max);
  yaml.choose("schema.unsupported", kUnsupportedNames, config.schema_unsupported);
  yaml.choose("indexes", kIndexesNames, config.indexes);
}

// After read_state(): the spool lives beside the state where nothing is said.
void read_spool(const YamlDocument& yaml, const std::string& folder, Config& config) {
  read_size(yaml, "spool.limit", kSpoolLimit, config.spool_limit_bytes);
  read_directory(yaml, "spool.directory", folder, config.state_directory, config.spool_directory);
}

void read_logging(const YamlDocument& yaml, Config& config) {
  yaml.choose("logging.level", kLogLevelNames, config.log_level);
  yaml.choose("logging.format", kLogFormatNames, config.log_format);
  yaml.number("logging.status_interval", 0, kSecondsMax, config.status_interval_s, "seconds");
}

}  // namespace

std::span<const std::string_view> known_settings() { return kKnownSettings; }

tl::expected<Config, std::vector<Problem>> load(const std::string& path, UriCheck driver_check) {
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
  read_servers(yaml, folder, driver_check, config);
  read_watch(yaml, config);
  read_state(yaml, folder, config);
  read_apply(yaml, config);
  read_initial_sync(yaml, config);
  read_spool(yaml, folder, config);
  read_size(yaml, "memory.limit", kMemory, config.memory_limit_bytes);
  read_logging(yaml, config);
  if (problems.empty()) return config;
  std::stable_sort(problems.begin(), problems.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  return tl::unexpected(std::move(problems));
}

}  // namespace ddsync::config
