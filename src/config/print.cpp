// Config -> YAML for --print-config, secrets masked.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <type_traits>

#include "config/config.h"
#include "config/names.h"
#include "config/plain_text.h"
#include "config/size.h"

namespace ddsync::config {
namespace {

template <typename T, size_t N>
std::string name_of(const std::array<Name<T>, N>& names, T value) {
  const auto found =
      std::find_if(names.begin(), names.end(), [&](const Name<T>& name) { return name.second == value; });
  return found == names.end() ? std::string() : std::string(found->first);
}

// Loads to the same text; what one_line escapes is escaped here too.
void emit_text(YAML::Emitter& out, const std::string& text) {
  if (one_line(text) != text) out << YAML::DoubleQuoted << YAML::EscapeNonAscii;
  out << text;
}

void emit_patterns(YAML::Emitter& out, const char* key, const std::vector<NamespacePattern>& patterns) {
  out << YAML::Key << key << YAML::Value << YAML::BeginSeq;
  for (const NamespacePattern& pattern : patterns) emit_text(out, pattern.text());
  out << YAML::EndSeq;
}

void emit_section(YAML::Emitter& out, const char* key) {
  out << YAML::Key << key << YAML::Value << YAML::BeginMap;
}

template <typename T>
void emit(YAML::Emitter& out, const char* key, const T& value) {
  out << YAML::Key << key << YAML::Value;
  if constexpr (std::is_same_v<T, std::string>) {
    emit_text(out, value);
  } else {
    out << value;
  }
}

}  // namespace

std::string print(const Config& config) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  emit_section(out, "source");
  emit(out, "uri", masked_uri(config.source_uri));
  out << YAML::EndMap;
  emit_section(out, "target");
  emit(out, "uri", masked_uri(config.target_uri));
  out << YAML::EndMap;
  emit_section(out, "watch");
  emit_patterns(out, "collections", config.watch);
  emit_patterns(out, "exclude", config.exclude);
  emit(out, "scope", name_of(kScopeNames, config.scope));
  out << YAML::EndMap;
  emit_section(out, "initial_sync");
  emit(out, "mode", name_of(kInitialSyncModeNames, config.initial_sync.mode));
  emit(out, "target_not_empty", name_of(kTargetNotEmptyNames, config.initial_sync.target_not_empty));
  emit(out, "readers", config.initial_sync.readers);
  emit(out, "writers", config.initial_sync.writers);
  emit(out, "max_bytes_per_second", print_size(config.initial_sync.bytes_per_second_max));
  out << YAML::EndMap;
  emit_section(out, "schema");
  emit(out, "unsupported", name_of(kUnsupportedNames, config.schema_unsupported));
  out << YAML::EndMap;
  emit(out, "indexes", name_of(kIndexesNames, config.indexes));
  emit_section(out, "spool");
  emit(out, "limit", print_size(config.spool_limit_bytes));
  emit(out, "directory", config.spool_directory);
  out << YAML::EndMap;
  emit_section(out, "state");
  emit(out, "directory", config.state_directory);
  emit(out, "persist_interval", config.persist_interval);
  out << YAML::EndMap;
  emit_section(out, "apply");
  emit(out, "writers", config.writers);
  emit(out, "fence", name_of(kFenceNames, config.fence));
  emit(out, "late_write_max", config.late_write_max_ms / 1000);
  out << YAML::EndMap;
  emit(out, "on_error", name_of(kOnErrorNames, config.on_error));
  emit_section(out, "memory");
  emit(out, "limit", print_size(config.memory_limit_bytes));
  out << YAML::EndMap;
  emit_section(out, "logging");
  emit(out, "level", name_of(kLogLevelNames, config.log_level));
  emit(out, "format", name_of(kLogFormatNames, config.log_format));
  emit(out, "status_interval", config.status_interval_s);
  out << YAML::EndMap << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace ddsync::config
