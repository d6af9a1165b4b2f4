#include "runtime/durable_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <filesystem>
#include <string_view>
#include <system_error>

#include "observe/log.h"
#include "runtime/accept_gap.h"

namespace ddsync::runtime {
namespace {

bool is_missing(const std::string& folder) {
  std::error_code unknown;
  return !std::filesystem::exists(folder, unknown) && !unknown;
}

// Of a volume that is not mounted nothing else would be seen.
void tell_created(std::string_view setting, const std::string& folder) {
  observe::log_info(
      fmt::format("{} {} was missing and has been created: if a volume should be mounted there, it is not",
                  setting, folder));
}

Started<void> load(DurableState& state, bool reset) {
  if (reset) {
    if (const auto removed = state.checkpoints->remove(); !removed) {
      return refuse(ExitCode::bad_state, removed.error().message);
    }
    observe::log_info("--reset: the state is forgotten, only changes from now on are synchronised");
    return {};
  }
  auto loaded = state.checkpoints->load();
  if (!loaded) {
    return refuse(ExitCode::bad_state, loaded.error().message);
  }
  state.checkpoint = *std::move(loaded);
  state.saved_at_s = saved_at_s(state.checkpoint, state.checkpoints->path());
  return {};
}

Started<void> end_gaps(DurableState& state, const std::vector<std::string>& accepted) {
  if (accepted.empty()) {
    return {};
  }
  Checkpoint none;
  const auto ended = accept_gaps(state.checkpoint ? *state.checkpoint : none, accepted);
  if (!ended) {
    return refuse(ExitCode::bad_configuration, ended.error());
  }
  for (const std::string& scope : *ended) {
    observe::log_warning(fmt::format(
        "{}: gap accepted, changes made in it are missing on the target; the stream starts from now", scope));
  }
  return {};
}

Started<void> open_spool(DurableState& state, const ServiceOptions& options,
                         const state::StateIdentity& identity) {
  const std::string folder = spool_path(options.config);
  if (options.reset) {
    if (const auto removed = state::Spool::remove(folder); !removed) {
      return refuse(ExitCode::bad_state, removed.error().message);
    }
  }
  if (options.config.spool_limit_bytes == 0) {
    return {};
  }
  const bool is_new_directory = is_missing(options.config.spool_directory);
  if (is_missing(folder)) {
    state.new_spool_folder = folder;
  }
  auto spool = state::Spool::open(folder, identity);
  if (!spool) {
    return refuse(ExitCode::bad_state, spool.error().message);
  }
  state.spool = *std::move(spool);
  if (is_new_directory) {
    tell_created("spool.directory", options.config.spool_directory);
  }
  return {};
}

Started<void> open_locked(DurableState& state, const ServiceOptions& options, const std::string& path) {
  const config::Config& config = options.config;
  const state::StateIdentity identity{.source = config::cluster_name(config.source_uri),
                                      .target = config::cluster_name(config.target_uri)};
  state.checkpoints = std::make_unique<state::CheckpointStore>(*state.files, path, identity);
  state.dead_letters = std::make_unique<state::DeadLetterFile>(*state.files, dead_letter_path(path));
  if (auto loaded = load(state, options.reset); !loaded) {
    return loaded;
  }
  if (auto ended = end_gaps(state, options.accept_gaps); !ended) {
    return ended;
  }
  return open_spool(state, options, identity);
}

void log_position(const DurableState& state) {
  if (!state.checkpoint) {
    observe::log_info(fmt::format("no state yet, it will be kept in {}", state.checkpoints->path()));
    return;
  }
  const Checkpoint& checkpoint = *state.checkpoint;
  observe::log_info(fmt::format("continuing from {}: streams={} total_synced={} suspects={}",
                                state.checkpoints->path(), checkpoint.streams.size(),
                                checkpoint.stats.total_synced, checkpoint.suspects.size()));
}

}  // namespace

Started<DurableState> open_state(const ServiceOptions& options) {
  const config::Config& config = options.config;
  const std::string path = config::state_path(config);
  DurableState state;
  state.files = state::posix_file_system();
  const bool is_new_directory = is_missing(config.state_directory);
  auto lock = state::InstanceLock::acquire(path);
  if (!lock) {
    const bool already_running = lock.error().code_name == state::kAlreadyRunning;
    return refuse(already_running ? ExitCode::second_instance : ExitCode::bad_state, lock.error().message);
  }
  state.lock = *std::move(lock);
  if (is_new_directory) {
    tell_created("state.directory", config.state_directory);
  }
  if (auto opened = open_locked(state, options, path); !opened) {
    leave_no_trace(state);
    return tl::unexpected(std::move(opened).error());
  }
  log_position(state);
  return state;
}

void leave_no_trace(DurableState& state) {
  if (!state.new_spool_folder.empty()) {
    state.spool.reset();
    // What cannot be removed is an empty spool, which the next start opens.
    if (state::Spool::remove(state.new_spool_folder)) {
      std::error_code unknown;
      std::filesystem::remove(state.new_spool_folder, unknown);
    }
  }
  state.lock->remove_file_if_made();
}

std::optional<int64_t> saved_at_s(const std::optional<Checkpoint>& checkpoint,
                                  const std::string& state_path) {
  struct stat file = {};
  if (!checkpoint || checkpoint->any_spooled() || ::stat(state_path.c_str(), &file) != 0) {
    return std::nullopt;
  }
  return file.st_mtim.tv_sec;
}

std::string spool_path(const config::Config& config) {
  const std::filesystem::path state = config::state_path(config);
  return std::filesystem::path(config.spool_directory) / state.filename().replace_extension(".spool");
}

std::string dead_letter_path(const std::string& state_path) {
  constexpr std::string_view extension = ".json";
  std::string path = state_path;
  if (path.ends_with(extension)) {
    path.resize(path.size() - extension.size());
  }
  return path + ".dead_letter.jsonl";
}

}  // namespace ddsync::runtime
