#include "state/checkpoint_store.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "engine/planted_bug.h"
#include "state/disk_error.h"

namespace ddsync::state {

std::string system_time_iso8601() {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto milliseconds = now.time_since_epoch().count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                     milliseconds);
}

CheckpointStore::CheckpointStore(FileSystem& files, std::string path, StateIdentity identity,
                                 WallClock wall_clock)
    : files_(files),
      path_(std::move(path)),
      temporary_(path_ + ".tmp"),
      previous_(path_ + ".previous"),
      identity_(std::move(identity)),
      wall_clock_(std::move(wall_clock)) {}

Result<std::optional<Checkpoint>> CheckpointStore::load() {
  auto text = files_.read(path_);
  if (!text) return tl::unexpected(text.error());
  if (*text) {
    auto checkpoint = decode(**text, path_, identity_);
    if (!checkpoint) return tl::unexpected(checkpoint.error());
    return std::optional<Checkpoint>(std::move(*checkpoint));
  }
  auto previous = files_.read(previous_);
  if (!previous) return tl::unexpected(previous.error());
  if (!*previous) return std::optional<Checkpoint>();
  // No crash of ours leaves this: rename() puts the new file in the old one's place. Someone took the file
  // away; whether to go on from the older one or to forget it is theirs to say.
  return fatal_error(
      kDamagedState,
      fmt::format(
          "the state file {0} is missing although {1} is there. To continue from the older checkpoint "
          "(repeats some changes, harmless): cp -p '{1}' '{0}'. To forget the state: --reset; changes "
          "made while the service was down are then not applied, so copy the data again",
          path_, previous_));
}

Result<void> CheckpointStore::save(const Checkpoint& checkpoint) {
  const std::string text = encode(checkpoint, identity_, wall_clock_());
  if (auto written = files_.write(temporary_, text); !written) return written;
  if (!planted(PlantedBug::file_not_synced)) {
    if (auto synced = files_.sync(temporary_); !synced) return synced;
  }
  if (auto kept = keep_present(); !kept) return kept;
  if (auto renamed = files_.rename(temporary_, path_); !renamed) return renamed;
  if (planted(PlantedBug::folder_not_synced)) return {};
  return files_.sync_folder(folder_of(path_));
}

Result<void> CheckpointStore::keep_present() {
  auto kept = files_.link_or_copy(path_, previous_);
  if (kept) return kept;
  // The first checkpoint has nothing to keep.
  auto present = files_.read(path_);
  if (present && !*present) return {};
  return kept;
}

Result<void> CheckpointStore::remove() {
  // The state goes last and only after the others are durably gone: a crash in between leaves a whole state
  // or none, never a previous one alone.
  for (const std::string& path : {temporary_, previous_ + ".new", previous_}) {
    if (auto removed = files_.remove(path); !removed) return removed;
  }
  const std::string folder = folder_of(path_);
  if (auto synced = files_.sync_folder(folder); !synced) return synced;
  if (auto removed = files_.remove(path_); !removed) return removed;
  return files_.sync_folder(folder);
}

}  // namespace ddsync::state
