// The durable state of one source-target pair. File format: docs/state-file.md.
//
// save(): write a new file, fsync it, keep the present one as `<file>.previous`, rename, fsync the folder.
// load(): the file of this program or of the original service; a damaged one is never replaced by an empty
// one: the error says where it is, what is wrong and what to do (the previous good one lies beside it).
// Thread-safety: one thread at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/checkpoint.h"
#include "state/file_system.h"

namespace ddsync::state {

struct StateIdentity {
  std::string source;  // name of the source as in the file's name; a state is used with its own pair only
  std::string target;
};

// Error::code_name of a state that load() refuses; other names are errors of the disk.
inline constexpr std::string_view kDamagedState = "DamagedState";
inline constexpr std::string_view kForeignState = "ForeignState";  // of another pair, or a newer format

// The wall clock as "2026-11-24T16:20:44.123Z".
std::string system_time_iso8601();

class CheckpointStore {
 public:
  using WallClock = std::function<std::string()>;

  // `path` is the state file. `files` must outlive the store. `wall_clock` gives `last_sync_time`, which only
  // people read.
  CheckpointStore(FileSystem& files, std::string path, StateIdentity identity,
                  WallClock wall_clock = system_time_iso8601);

  // Nothing when there is no state yet (neither the file nor its previous one).
  Result<std::optional<Checkpoint>> load();
  // After an error the state is the one before or the new one, whole.
  Result<void> save(const Checkpoint& checkpoint);
  // --reset: removes the file, its previous and its temporary ones.
  Result<void> remove();

  const std::string& path() const { return path_; }

 private:
  Result<void> keep_present();

  FileSystem& files_;
  std::string path_;
  std::string temporary_;
  std::string previous_;
  StateIdentity identity_;
  WallClock wall_clock_;
};

// A checkpoint as text and back; `decode` also reads the original service's file. `path` is for messages.
std::string encode(const Checkpoint& checkpoint, const StateIdentity& identity,
                   std::string_view last_sync_time = {});
Result<Checkpoint> decode(std::string_view text, const std::string& path, const StateIdentity& identity);

}  // namespace ddsync::state
