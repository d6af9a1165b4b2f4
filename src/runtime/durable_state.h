// The state of this source-target pair at the start: its folder, its lock, its last checkpoint.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/refusal.h"
#include "state/checkpoint_store.h"
#include "state/dead_letter.h"
#include "state/instance_lock.h"
#include "state/spool.h"

namespace ddsync::runtime {

struct DurableState {
  std::unique_ptr<state::FileSystem> files;
  std::unique_ptr<state::InstanceLock> lock;  // held as long as the service runs
  std::unique_ptr<state::CheckpointStore> checkpoints;
  std::unique_ptr<state::DeadLetterFile> dead_letters;
  std::unique_ptr<state::Spool> spool;   // none when spool.limit is 0
  std::string new_spool_folder;          // that this start made; "" for one that was there
  std::optional<Checkpoint> checkpoint;  // nothing: no state yet
  std::optional<int64_t> saved_at_s;     // when the source was last read, if the state tells
};

// Locks, forgets the state when `reset` asks for it, loads it, takes out accepted gaps. Refuses with
// second_instance, bad_state or, for a name that is no gap, bad_configuration.
Started<DurableState> open_state(const ServiceOptions& options);

// Of a start that is refused: takes away what it made and saved nothing in, a new spool and a new lock file.
void leave_no_trace(DurableState& state);

// When the source was last read, as far as the time of the state file tells it, seconds since 1970. Nothing
// while changes are spooled: then the state stays as it is, and the source is read all the same.
std::optional<int64_t> saved_at_s(const std::optional<Checkpoint>& checkpoint, const std::string& state_path);

// The folder of the pair's spool: `<spool.directory>/.documentdb_sync_state_a_to_b.spool`
std::string spool_path(const config::Config& config);

// `.../.documentdb_sync_state_a_to_b.json` -> `.../.documentdb_sync_state_a_to_b.dead_letter.jsonl`
std::string dead_letter_path(const std::string& state_path);

}  // namespace ddsync::runtime
