// The configuration: YAML -> Config. All problems are found and reported at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "engine/namespace.h"
#include "engine/options.h"

namespace ddsync::config {

enum class Scope : uint8_t { automatic, collection, database, cluster };
enum class LogLevel : uint8_t { debug, info, warning, error };
enum class LogFormat : uint8_t { text, json };
enum class Fence : uint8_t { automatic, transaction_number, compare };
// What happens when a collection that is to be copied holds documents at the target already.
enum class TargetNotEmpty : uint8_t { refuse, merge, drop };
enum class Unsupported : uint8_t { stop, warn };
enum class Indexes : uint8_t { after_copy, before_copy, off };

struct InitialSync {
  CopyMode mode = CopyMode::off;
  TargetNotEmpty target_not_empty = TargetNotEmpty::refuse;
  uint32_t readers = 4;
  uint32_t writers = 8;               // load() takes it from apply.writers where the file does not say
  uint64_t bytes_per_second_max = 0;  // initial_sync.max_bytes_per_second, 0 = no limit

  bool operator==(const InitialSync&) const = default;
};

struct Problem {
  int line = 0;      // 0 = the file as a whole
  std::string text;  // what is wrong and what to do

  bool operator==(const Problem&) const = default;
};

struct Config {
  std::string path;  // the file it came from

  std::string source_uri;  // secret: print only through masked_uri()
  std::string target_uri;  // secret

  std::vector<NamespacePattern> watch;
  std::vector<NamespacePattern> exclude;
  Scope scope = Scope::automatic;

  InitialSync initial_sync;
  Unsupported schema_unsupported = Unsupported::stop;  // schema.unsupported
  Indexes indexes = Indexes::after_copy;               // top-level `indexes`

  uint64_t spool_limit_bytes = 10ull << 30;  // spool.limit, 0 = no spool
  std::string spool_directory;               // absolute; default: state_directory

  std::string state_directory;  // absolute; default: the folder of the config file
  uint32_t persist_interval = 10;

  uint32_t writers = 8;
  OnError on_error = OnError::stop;          // top-level `on_error`
  Fence fence = Fence::automatic;            // apply.fence
  int64_t late_write_max_ms = 400'000;       // apply.late_write_max, seconds in the file
  uint64_t memory_limit_bytes = 256u << 20;  // memory.limit: "256 MiB", "1GiB", plain number = bytes

  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
  uint32_t status_interval_s = 60;  // logging.status_interval, 0 = none

  std::vector<Problem> warnings;  // what works and should be known: TLS that verifies nothing

  bool operator==(const Config&) const = default;
};

// Every setting that a file may hold: "section.key" or "key".
std::span<const std::string_view> known_settings();

// Why the driver, which is not known here, does not take a connection string; empty when it does. Never with
// any of its text.
using UriCheck = std::string (*)(const std::string& uri);

// Reads and checks the file. `uri_env` and `uri_file` are resolved here.
tl::expected<Config, std::vector<Problem>> load(const std::string& path, UriCheck driver_check = nullptr);

// The effective values as YAML, secrets masked: --print-config. Reading it back gives the same configuration
// but for the masked secrets.
std::string print(const Config& config);

// `mongodb://***:***@host:27017/?tls=true`: user name, password and secret options replaced.
std::string masked_uri(std::string_view uri);

// The name of a server in the state file's name (rules: DESIGN.md section 4).
std::string cluster_name(std::string_view uri);

// `<state_directory>/.documentdb_sync_state_<source>_to_<target>.json`
std::string state_path(const Config& config);

// Which streams are opened for a watch list. `durable_scopes` are the scopes that the state already has
// positions for: they are kept by `auto`. The error says which scopes contradict.
tl::expected<std::vector<WatchScope>, std::string> plan_streams(
    const Config& config, const std::vector<std::string>& durable_scopes);

}  // namespace ddsync::config
