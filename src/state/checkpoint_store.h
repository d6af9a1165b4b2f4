// The durable state of one source-target pair. File format: docs/state-file.md.
//
// save(): write a new file, fsync it, keep the present one as `<file>.previous`, rename, fsync the folder.
// load(): the file of this program or of the original service; a damaged one is never replaced by an empty
// one: the error says where it is, what is wrong and what to do (the previous good one lies beside it).
// Thread-safety: one thread at a time.
#pragma once

#include <optional>
#include <string>

#include "engine/checkpoint.h"
#include "state/file_system.h"

namespace ddsync::state {

struct StateIdentity {
  std::string source;  // name of the source as in the file's name; a state is used with its own pair only
  std::string target;
};

class CheckpointStore {
 public:
  // `path` is the state file. `files` must outlive the store.
  CheckpointStore(FileSystem& files, std::string path, StateIdentity identity);

  // Nothing when there is no state yet (neither the file nor its previous one).
  Result<std::optional<Checkpoint>> load();
  Result<void> save(const Checkpoint& checkpoint);
  // --reset: removes the file, its previous and its temporary ones.
  Result<void> remove();

  const std::string& path() const { return path_; }

 private:
  FileSystem& files_;
  std::string path_;
  StateIdentity identity_;
};

// A checkpoint as text and back; `decode` also reads the original service's file.
std::string encode(const Checkpoint& checkpoint, const StateIdentity& identity);
Result<Checkpoint> decode(std::string_view text, const std::string& path, const StateIdentity& identity);

}  // namespace ddsync::state
