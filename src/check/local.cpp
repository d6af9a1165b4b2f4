#include "check/local.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "check/wording.h"
#include "runtime/accept_gap.h"
#include "runtime/durable_state.h"
#include "state/checkpoint_store.h"
#include "state/spool_reserve.h"

namespace ddsync::check {
namespace {

constexpr const char* kState = "state";
constexpr const char* kDisk = "disk";
// The state, its previous and its temporary file, with room for dead letters.
constexpr uint64_t kStateNeeds_bytes = 100u << 20;
constexpr uint64_t kFilesNeed_bytes = 1u << 20;  // a state of some thousand streams, new files of a spool
constexpr uint64_t kReplayNeeds_bytes_max = 32u << 20;  // what a spool's log grows to before it is a new one
constexpr uint64_t kProbeNeeds_bytes = 64u << 10;       // a block, of a file system with large ones

// The folder itself, or the one above it that is there: a run makes what is missing.
std::filesystem::path existing(const std::string& folder) {
  std::filesystem::path path = folder;
  std::error_code unknown;
  while (!std::filesystem::exists(path, unknown) && path.has_relative_path()) path = path.parent_path();
  return path;
}

state::Result<void> write_probe(state::FileSystem& files, const std::string& folder) {
  const std::string probe =
      (existing(folder) / fmt::format(".documentdb_sync_check.{}", ::getpid())).string();
  auto written = files.write_synced(probe, "written by documentdb-sync check, safe to remove\n");
  return written ? files.remove(probe) : written;
}

uint64_t free_bytes(const std::string& folder) {
  std::error_code failure;
  const auto space = std::filesystem::space(existing(folder), failure);
  return failure ? 0 : space.available;
}

std::string how_to_write(const std::string& folder, std::string_view setting) {
  std::error_code unknown;
  if (const std::filesystem::path there = existing(folder); !std::filesystem::is_directory(there, unknown))
    return fmt::format("{} is a file: move it away, or choose another {}", there.string(), setting);
  if (free_bytes(folder) < kProbeNeeds_bytes)
    return fmt::format("free space on the volume of {}, or choose another", setting);
  return fmt::format("give the service's user the right to write in {}, or choose another", setting);
}

// Nothing when a file can be made there.
std::optional<Finding> judge_folder(const char* row, const std::string& folder, std::string_view setting) {
  const auto written = write_probe(*state::posix_file_system(), folder);
  if (written) return std::nullopt;
  return problem(row, written.error().message, how_to_write(folder, setting));
}

Finding judge_state(const std::string& path, const std::optional<Checkpoint>& checkpoint) {
  if (!checkpoint) return ok(kState, fmt::format("none yet; it will be kept in {}", path));
  const std::vector<std::string> gaps = runtime::gaps(*checkpoint);
  if (gaps.empty())
    return ok(kState, fmt::format("{}: {}", path, counted(checkpoint->streams.size(), "stream")));
  return problem(kState, fmt::format("{}: a gap in {}", path, some_of(gaps)),
                 "copy the data anew or accept the gap with --accept-gap (docs/operations.md, Gap)");
}

Finding load_state(Context& context) {
  const config::Config& config = context.config;
  const auto files = state::posix_file_system();
  const std::string path = config::state_path(config);
  const state::StateIdentity identity{.source = config::cluster_name(config.source_uri),
                                      .target = config::cluster_name(config.target_uri)};
  auto loaded = state::CheckpointStore(*files, path, identity).load();
  if (!loaded) {
    context.state_unknown = true;
    return problem(kState, loaded.error().message, "docs/operations.md, State (exit code 6)");
  }
  context.checkpoint = *std::move(loaded);
  context.saved_at_s = runtime::saved_at_s(context.checkpoint, path);
  return judge_state(path, context.checkpoint);
}

// 0 when it is not there.
uint64_t file_bytes(const std::filesystem::path& file) {
  std::error_code gone;
  const uint64_t bytes = std::filesystem::file_size(file, gone);
  return gone ? 0 : bytes;
}

// Of the files in it; of one that is being changed about so many. 0 when it is not there.
uint64_t folder_bytes(const std::string& folder) {
  std::error_code failure;
  uint64_t bytes = 0;
  for (std::filesystem::directory_iterator file(folder, failure), end; !failure && file != end;
       file.increment(failure)) {
    bytes += file_bytes(file->path());
  }
  return bytes;
}

// The log that is replayed is written anew. The spool gives its reserve for that.
uint64_t opening_needs_bytes(const DiskSpace& space) {
  const uint64_t replayed = std::min(space.spool_held_bytes, kReplayNeeds_bytes_max);
  return kFilesNeed_bytes + replayed - std::min(replayed, space.spool_reserve_bytes);
}

std::string disk_text(const DiskSpace& space, uint64_t spool_limit_bytes) {
  std::string text = fmt::format("{} free for the state", size_text(space.state_free_bytes));
  if (spool_limit_bytes == 0) return text;
  text += fmt::format(", {} free for the spool of at most {}", size_text(space.spool_free_bytes),
                      size_text(spool_limit_bytes));
  if (space.spool_held_bytes > 0)
    text += fmt::format(", which has {} already", size_text(space.spool_held_bytes));
  return text;
}

}  // namespace

// What can be read is read, whatever can be written: the later checks would take a state for none.
Findings check_state(Context& context) {
  Findings findings;
  if (auto unwritable = judge_folder(kState, context.config.state_directory, "state.directory"))
    findings.push_back(*std::move(unwritable));
  findings.push_back(load_state(context));
  return findings;
}

Finding judge_disk(const DiskSpace& space, uint64_t spool_limit_bytes) {
  std::string found = disk_text(space, spool_limit_bytes);
  if (space.state_free_bytes < kFilesNeed_bytes)
    return problem(kDisk, std::move(found), "make room in state.directory: the state cannot be saved");
  if (spool_limit_bytes > 0 && space.spool_free_bytes < opening_needs_bytes(space))
    return problem(kDisk, std::move(found), "make room in spool.directory: the spool may not open");
  if (space.state_free_bytes < kStateNeeds_bytes)
    return warning(kDisk, std::move(found), "make room in state.directory: when it is full, reading pauses");
  if (spool_limit_bytes > space.spool_free_bytes + space.spool_held_bytes) {
    return warning(
        kDisk, std::move(found),
        "make room, choose another spool.directory, or lower spool.limit: when the disk is full, reading "
        "pauses");
  }
  return ok(kDisk, std::move(found));
}

Findings check_disk(Context& context) {
  const config::Config& config = context.config;
  const bool has_folder = config.spool_directory != config.state_directory;  // else check_state() tried it
  if (config.spool_limit_bytes > 0 && has_folder) {
    if (auto unwritable = judge_folder(kDisk, config.spool_directory, "spool.directory"))
      return {*std::move(unwritable)};
  }
  return check_free_disk(context);
}

Findings check_free_disk(Context& context) {
  const config::Config& config = context.config;
  const std::string spool = runtime::spool_path(config);
  DiskSpace space{.state_free_bytes = free_bytes(config.state_directory),
                  .spool_free_bytes = free_bytes(config.spool_directory)};
  space.spool_reserve_bytes = file_bytes(std::filesystem::path(spool) / state::kReserveName);
  const uint64_t all_bytes = folder_bytes(spool);
  space.spool_held_bytes = all_bytes - std::min(all_bytes, space.spool_reserve_bytes);
  return {judge_disk(space, config.spool_limit_bytes)};
}

}  // namespace ddsync::check
