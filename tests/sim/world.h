// One seed's run: the engine between a simulated source, target and disk, through crashes and restarts, until
// the storm is over and both sides must be equal.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "engine/engine.h"
#include "sim/copy_link.h"
#include "sim/disk_link.h"
#include "sim/source_link.h"
#include "sim/target_link.h"
#include "sim/workload.h"

namespace ddsync::sim {

class World {
 public:
  World(uint64_t seed, Trace& trace);

  // Throws Violation when something does not hold.
  void run();
  uint64_t steps() const { return steps_; }

 private:
  // Life and death of the process.
  void start_process();
  void crash();
  void maybe_crash();
  void maybe_disturb();
  void on_finished(const output::Finished& finished);

  // To and from the engine.
  void give(Input&& input);
  void carry_out(Output& output);
  void carry_out(const output::ReadStream& order);
  bool carry_out_copy(const Output& output);
  void require_durable_start(StreamId stream, const char* what) const;
  void wake_at(Instant at);

  // The end.
  void look();
  bool settled(const EngineStatus& status) const;
  std::string unsettled() const;
  void check_bounds(const EngineStatus& status) const;
  void check_equal();
  std::set<uint64_t> renames_that_may_be_repeated() const;
  std::set<Namespace> unproven_with_cause() const;
  std::set<Namespace> exempt_namespaces();
  void check_namespace(const Namespace& ns, const std::set<std::string>& quarantined);
  void check_schema(const Namespace& ns) const;

  Trace& trace_;
  Random random_;
  Profile profile_;
  Scheduler time_;
  Surroundings around_;
  Source source_;
  SpoolLink spool_link_;
  SourceLink source_link_;
  CopyLink copy_link_;
  TargetLink target_link_;
  DiskLink disk_link_;
  Workload workload_;

  std::unique_ptr<Engine> engine_;
  bool die_ = false;       // the process is to be killed as soon as this step is over
  bool stopping_ = false;  // a graceful stop was asked for
  bool ended_ = false;
  bool history_forgotten_ = false;
  bool workload_started_ = false;
  uint32_t crashes_left_ = 0;
  std::set<Namespace> missed_lookups_;            // that a start found
  std::set<std::pair<size_t, uint64_t>> starts_;  // of a stream behind a change
  uint64_t wake_serial_ = 0;
  uint64_t steps_ = 0;
  Instant storm_ends_;
};

}  // namespace ddsync::sim
