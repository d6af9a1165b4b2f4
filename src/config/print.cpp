// Config -> YAML for --print-config, secrets masked.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "config/config.h"
#include "config/size.h"

namespace ddsync::config {
namespace {

const char* name(Scope scope) {
  switch (scope) {
    case Scope::automatic:
      return "auto";
    case Scope::collection:
      return "collection";
    case Scope::database:
      return "database";
    case Scope::cluster:
      return "cluster";
  }
  return "";
}

const char* name(Fence fence) {
  switch (fence) {
    case Fence::automatic:
      return "auto";
    case Fence::transaction_number:
      return "transaction_number";
    case Fence::compare:
      return "compare";
  }
  return "";
}

const char* name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "DEBUG";
    case LogLevel::info:
      return "INFO";
    case LogLevel::warning:
      return "WARNING";
    case LogLevel::error:
      return "ERROR";
  }
  return "";
}

const char* name(LogFormat format) { return format == LogFormat::json ? "json" : "text"; }
const char* name(OnError on_error) { return on_error == OnError::quarantine ? "quarantine" : "stop"; }

void emit_patterns(YAML::Emitter& out, const char* key, const std::vector<NamespacePattern>& patterns) {
  out << YAML::Key << key << YAML::Value << YAML::BeginSeq;
  for (const NamespacePattern& pattern : patterns) out << pattern.text();
  out << YAML::EndSeq;
}

void emit_section(YAML::Emitter& out, const char* key) {
  out << YAML::Key << key << YAML::Value << YAML::BeginMap;
}

template <typename T>
void emit(YAML::Emitter& out, const char* key, const T& value) {
  out << YAML::Key << key << YAML::Value << value;
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
  emit(out, "scope", name(config.scope));
  out << YAML::EndMap;
  emit_section(out, "state");
  emit(out, "directory", config.state_directory);
  emit(out, "persist_interval", config.persist_interval);
  out << YAML::EndMap;
  emit_section(out, "apply");
  emit(out, "writers", config.writers);
  emit(out, "fence", name(config.fence));
  emit(out, "late_write_max", config.late_write_max_ms / 1000);
  out << YAML::EndMap;
  emit(out, "on_error", name(config.on_error));
  emit_section(out, "memory");
  emit(out, "limit", print_size(config.memory_limit_bytes));
  out << YAML::EndMap;
  emit_section(out, "logging");
  emit(out, "level", name(config.log_level));
  emit(out, "format", name(config.log_format));
  emit(out, "status_interval", config.status_interval_s);
  out << YAML::EndMap << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace ddsync::config
