// Answers what the engine asks of the target: writes, schema changes and comparisons, with faults. A command
// whose answer is lost may have been executed, in whole or in part, or may be executed later.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/output.h"
#include "sim/source.h"
#include "sim/surroundings.h"
#include "sim/target.h"

namespace ddsync::sim {

class TargetLink {
 public:
  TargetLink(Surroundings& around, const Source& source);

  void write(const WriteBatch& batch);
  void change_schema(const SchemaChange& change);
  void compare(const output::Compare& order);

  // The process died: what is on its way is executed now, later, or never.
  void on_crash();
  // The process ended by itself; commands without an answer stay on their way.
  void on_end();
  Target& target() { return target_; }
  const Target& target() const { return target_; }
  Outages& outages() { return outages_; }
  uint64_t on_their_way() const { return on_their_way_.size(); }
  // Collections of which a schema change had an unknown outcome.
  const std::set<Namespace>& may_be_unproven() const { return may_be_unproven_; }
  // A fail-over to a server with other limits: batches made before may be too large for it.
  void limits_changed() { limits_changed_ = true; }
  bool denied_access() const { return denied_access_; }

 private:
  using Key = std::pair<Namespace, std::string>;

  void check(const WriteBatch& batch);
  void check(const WriteOp& operation, const Key& key);
  void check_alone(const SchemaChange& change) const;
  void finish(WriterId writer, BatchId id, Duration delay, WriteOutcome outcome);
  void execute_later(const std::shared_ptr<Request>& request, Duration delay, Target::Positions positions);
  void lose_reply(const WriteBatch& batch, const std::shared_ptr<Request>& request, Duration answer_after);
  bool takes_too_long(const WriteBatch& batch) const;
  bool refuse_command(const WriteBatch& batch, Duration answer_after);
  void execute_and_answer(const WriteBatch& batch, const std::shared_ptr<Request>& request,
                          Duration answer_after);
  Duration latency();
  WriteOutcome reply_lost() const;
  Duration latest_landing() const;  // after it was sent
  // Changes come again within the life of a process: after a copy, and when the spool begins.
  bool repeats() const {
    const EngineOptions& engine = around_.profile.engine;
    return engine.copy.mode != CopyMode::off || engine.spool_bytes_max > 0;
  }
  int fail_one(const std::shared_ptr<Request>& request, uint32_t failing);
  void settle(const std::shared_ptr<Request>& request);

  Surroundings& around_;
  const Source& source_;
  Target target_;
  Outages outages_;
  std::vector<std::shared_ptr<Request>> on_their_way_;
  std::map<uint32_t, std::vector<Key>> in_flight_;  // by writer: keys that the engine waits for
  std::map<Key, int64_t> newest_sent_;              // version by key, of this life
  std::set<Key> repaired_;
  std::set<Namespace> may_be_unproven_;
  uint64_t last_number_ = 0;
  bool denied_access_ = false;
  bool limits_changed_ = false;
};

}  // namespace ddsync::sim
