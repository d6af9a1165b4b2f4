// YAML -> Config: reads every setting and gathers all problems.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "config/config.h"
#include "config/size.h"
#include "config/yaml_document.h"

namespace ddsync::config {
namespace {

const std::vector<std::string_view> kKnownSettings = {"source.uri",
                                                      "source.uri_env",
                                                      "source.uri_file",
                                                      "target.uri",
                                                      "target.uri_env",
                                                      "target.uri_file",
                                                      "watch.collections",
                                                      "watch.exclude",
                                                      "watch.scope",
                                                      "state.directory",
                                                      "state.persist_interval",
                                                      "apply.writers",
                                                      "apply.fence",
                                                      "apply.late_write_max",
                                                      "on_error",
                                                      "memory.limit",
                                                      "logging.level",
                                                      "logging.format",
                                                      "logging.status_interval"};

constexpr uint64_t kWritersMax = 256;
constexpr uint64_t kPersistIntervalMax = 1'000'000;
constexpr uint64_t kLateWriteSecondsMax = 86'400;
constexpr uint64_t kStatusIntervalMax = 86'400;
constexpr uint64_t kMemoryLeast = 16u << 20;  // one largest document and its copy on the way out

std::string trimmed(std::string text) {
  const auto is_space = [](unsigned char c) { return std::isspace(c) != 0; };
  while (!text.empty() && is_space(static_cast<unsigned char>(text.back()))) text.pop_back();
  const auto start = std::find_if_not(text.begin(), text.end(), is_space);
  return std::string(start, text.end());
}

std::optional<std::string> read_file(const std::filesystem::path& path, std::string& why) {
  if (std::filesystem::is_directory(path)) {
    why = "it is a directory";
    return std::nullopt;
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    why = std::strerror(errno);
    return std::nullopt;
  }
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

class Loader {
 public:
  Loader(const YamlDocument& yaml, std::string folder, std::vector<Problem>& problems)
      : yaml_(yaml), folder_(std::move(folder)), problems_(problems) {}

  Config load() {
    config_.source_uri = uri("source", "<SOURCE_CONNECTION_STRING>");
    config_.target_uri = uri("target", "<TARGET_CONNECTION_STRING>");
    if (!config_.source_uri.empty() && config_.source_uri == config_.target_uri) {
      problems_.push_back(
          {yaml_.line("target.uri"), "source and target are the same; a server cannot be copied to itself"});
    }
    read_watch();
    read_state();
    read_apply();
    read_logging();
    return std::move(config_);
  }

 private:
  template <typename T>
  void choose(std::string_view setting, std::initializer_list<std::pair<std::string_view, T>> choices,
              T& value) {
    const std::optional<std::string> given = yaml_.text(setting);
    if (!given) return;
    std::string names;
    for (const auto& [name, choice] : choices) {
      if (std::equal(name.begin(), name.end(), given->begin(), given->end(),
                     [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); })) {
        value = choice;
        return;
      }
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    yaml_.problem(setting, fmt::format("'{}' is not one of {}", *given, names));
  }

  std::string uri(const std::string& side, std::string_view placeholder) {
    const std::string plain = side + ".uri";
    const std::string by_env = side + ".uri_env";
    const std::string by_file = side + ".uri_file";
    const int given = yaml_.has(plain) + yaml_.has(by_env) + yaml_.has(by_file);
    if (given == 0) {
      problems_.push_back(
          {0, fmt::format("{} is missing; give {}, {} or {}", plain, plain, by_env, by_file)});
      return {};
    }
    if (given > 1) {
      problems_.push_back(
          {std::max(yaml_.line(by_env), yaml_.line(by_file)),
           fmt::format("{}, {} and {} exclude each other; give one of them", plain, by_env, by_file)});
      return {};
    }
    if (yaml_.has(by_env)) return checked_uri(by_env, uri_of_environment(by_env), placeholder);
    if (yaml_.has(by_file)) return checked_uri(by_file, uri_of_file(by_file), placeholder);
    return checked_uri(plain, yaml_.text(plain), placeholder);
  }

  std::optional<std::string> uri_of_environment(const std::string& setting) {
    const std::optional<std::string> name = yaml_.text(setting);
    if (!name) return std::nullopt;
    const char* value = std::getenv(name->c_str());
    if (value != nullptr && *value != '\0') return trimmed(value);
    yaml_.problem(
        setting, fmt::format("the environment variable {} is not set; export it or correct the name", *name));
    return std::nullopt;
  }

  std::optional<std::string> uri_of_file(const std::string& setting) {
    const std::optional<std::string> name = yaml_.text(setting);
    if (!name) return std::nullopt;
    std::string why;
    const std::optional<std::string> content = read_file(std::filesystem::path(folder_) / *name, why);
    if (!content) {
      yaml_.problem(setting, fmt::format("the file {} cannot be read: {}", *name, why));
      return std::nullopt;
    }
    std::string value = trimmed(*content);
    if (!value.empty()) return value;
    yaml_.problem(setting, fmt::format("the file {} is empty; it must hold the connection string", *name));
    return std::nullopt;
  }

  std::string checked_uri(const std::string& setting, const std::optional<std::string>& value,
                          std::string_view placeholder) {
    if (!value) return {};
    if (*value == placeholder) {
      yaml_.problem(
          setting, fmt::format("still holds the placeholder {}; fill in the connection string", placeholder));
      return {};
    }
    if (value->rfind("mongodb://", 0) != 0 && value->rfind("mongodb+srv://", 0) != 0) {
      yaml_.problem(setting, "a connection string starts with mongodb:// or mongodb+srv://");
      return {};
    }
    return *value;
  }

  std::vector<NamespacePattern> patterns(std::string_view setting) {
    std::vector<NamespacePattern> result;
    std::set<NamespacePattern> seen;
    const auto items = yaml_.list(setting);
    if (!items) return result;
    for (const YamlDocument::Item& item : *items) {
      if (const std::optional<NamespacePattern> pattern = checked_pattern(setting, item)) {
        if (seen.insert(*pattern).second) result.push_back(*pattern);
      }
    }
    return result;
  }

  std::optional<NamespacePattern> checked_pattern(std::string_view setting, const YamlDocument::Item& item) {
    const auto problem = [&](const std::string& text) {
      problems_.push_back({item.line, fmt::format("{}: {}", setting, text)});
      return std::nullopt;
    };
    if (item.text == "<database>.<collection>") {
      return problem(
          "still holds the placeholder <database>.<collection>; list the collections to synchronise");
    }
    const std::optional<NamespacePattern> pattern = parse_pattern(item.text);
    if (!pattern) {
      return problem(fmt::format("'{}' is not database.collection, database.* or *", item.text));
    }
    if (is_system_namespace(pattern->database, pattern->collection)) {
      return problem(fmt::format("'{}' is a system namespace; these are never synchronised", item.text));
    }
    return pattern;
  }

  void read_watch() {
    const size_t problems_before = problems_.size();
    config_.watch = patterns("watch.collections");
    if (config_.watch.empty() && problems_.size() == problems_before) {
      problems_.push_back(
          {yaml_.line("watch.collections"),
           "watch.collections is empty or missing; list database.collection, database.* or *"});
    }
    config_.exclude = patterns("watch.exclude");
    choose<Scope>("watch.scope",
                  {{"auto", Scope::automatic},
                   {"collection", Scope::collection},
                   {"database", Scope::database},
                   {"cluster", Scope::cluster}},
                  config_.scope);
  }

  void read_state() {
    config_.state_directory = folder_;
    if (const auto directory = yaml_.text("state.directory")) {
      config_.state_directory = (std::filesystem::path(folder_) / *directory).lexically_normal().string();
    }
    if (const auto n = yaml_.number("state.persist_interval", 1, kPersistIntervalMax)) {
      config_.persist_interval = static_cast<uint32_t>(*n);
    }
  }

  void read_apply() {
    if (const auto n = yaml_.number("apply.writers", 1, kWritersMax))
      config_.writers = static_cast<uint32_t>(*n);
    if (const auto s = yaml_.number("apply.late_write_max", 1, kLateWriteSecondsMax)) {
      config_.late_write_max_ms = static_cast<int64_t>(*s) * 1000;
    }
    choose<Fence>("apply.fence",
                  {{"auto", Fence::automatic},
                   {"transaction_number", Fence::transaction_number},
                   {"compare", Fence::compare}},
                  config_.fence);
    choose<OnError>("on_error", {{"stop", OnError::stop}, {"quarantine", OnError::quarantine}},
                    config_.on_error);
    read_memory();
  }

  void read_memory() {
    const auto given = yaml_.text("memory.limit");
    if (!given) return;
    const std::optional<uint64_t> bytes = parse_size(*given);
    if (!bytes) {
      yaml_.problem("memory.limit",
                    fmt::format("'{}' is not a size; write 256 MiB, 1 GiB or a number of bytes", *given));
    } else if (*bytes < kMemoryLeast) {
      yaml_.problem("memory.limit",
                    fmt::format("'{}' is too small; the least is {}", *given, print_size(kMemoryLeast)));
    } else {
      config_.memory_limit_bytes = *bytes;
    }
  }

  void read_logging() {
    choose<LogLevel>("logging.level",
                     {{"DEBUG", LogLevel::debug},
                      {"INFO", LogLevel::info},
                      {"WARNING", LogLevel::warning},
                      {"ERROR", LogLevel::error}},
                     config_.log_level);
    choose<LogFormat>("logging.format", {{"text", LogFormat::text}, {"json", LogFormat::json}},
                      config_.log_format);
    if (const auto s = yaml_.number("logging.status_interval", 1, kStatusIntervalMax)) {
      config_.status_interval_s = static_cast<uint32_t>(*s);
    }
  }

  const YamlDocument& yaml_;
  std::string folder_;
  std::vector<Problem>& problems_;
  Config config_;
};

}  // namespace

tl::expected<Config, std::vector<Problem>> load(const std::string& path) {
  std::vector<Problem> problems;
  std::string why;
  const std::optional<std::string> content = read_file(path, why);
  if (!content) {
    problems.push_back({0, fmt::format("cannot be read: {}; name another file with --config", why)});
    return tl::unexpected(std::move(problems));
  }
  const YamlDocument yaml(*content, kKnownSettings, problems);
  if (!yaml.readable()) return tl::unexpected(std::move(problems));

  const std::string folder = std::filesystem::absolute(path).parent_path().lexically_normal().string();
  Config config = Loader(yaml, folder, problems).load();
  config.path = path;
  if (!problems.empty()) {
    std::stable_sort(problems.begin(), problems.end(),
                     [](const Problem& a, const Problem& b) { return a.line < b.line; });
    return tl::unexpected(std::move(problems));
  }
  return config;
}

}  // namespace ddsync::config
