// Answers what the engine asks of the local disk, through the real checkpoint and dead-letter code.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "engine/output.h"
#include "sim/disk.h"
#include "sim/surroundings.h"
#include "state/checkpoint_store.h"
#include "state/dead_letter.h"

namespace ddsync::sim {

class DiskLink {
 public:
  // `die`: the process is killed in the middle of a file operation.
  DiskLink(Surroundings& around, std::function<void()> die);

  void persist(const output::Persist& order);
  void quarantine(const output::Quarantine& order);
  void on_crash() { disk_.crash(); }
  // The process is killed in one of its next file operations.
  void kill_soon() { disk_.kill_in(around_.random.between_u32(1, 5)); }

  // What the disk holds. A damaged state, or one older than what was reported as durable, is a violation.
  Checkpoint load();
  // What a start finds; nothing when the disk cannot be read: the start is refused.
  std::optional<Checkpoint> load_at_start();
  Outages& full() { return full_; }
  bool position_is_durable(const std::string& scope) const { return durable_streams_.count(scope) > 0; }
  bool all_positions_durable() const;
  // The identities of the documents in the dead-letter file.
  std::set<std::string> quarantined();

 private:
  state::CheckpointStore store() {
    return {disk_, kPath, {"source", "target"}, [] { return ""; }};
  }
  template <typename Action>
  bool run(Action action);

  static constexpr const char* kPath = "folder/state.json";
  static constexpr const char* kDeadLetterPath = "folder/dead_letter.jsonl";

  Surroundings& around_;
  std::function<void()> die_;
  Disk disk_;
  Outages full_;
  uint64_t generation_ = 0;  // the last one that the engine was told is durable
  std::set<std::string> durable_streams_;
  bool busy_ = false;
};

}  // namespace ddsync::sim
