// The engine's parts and the order in which they act after each input.
#pragma once

#include "engine/acknowledger.h"
#include "engine/barriers.h"
#include "engine/checkpoints.h"
#include "engine/copies.h"
#include "engine/engine.h"
#include "engine/intake.h"
#include "engine/lookups.h"
#include "engine/pending_operations.h"
#include "engine/refusals.h"
#include "engine/set_aside.h"
#include "engine/shared.h"
#include "engine/streams.h"
#include "engine/suspects.h"
#include "engine/writers.h"

namespace ddsync {

class Engine::Core {
 public:
  explicit Core(EngineOptions options);

  void step(Instant now, Input&& input, Outputs& outputs);
  bool finished() const { return finished_; }
  EngineStatus status() const;

 private:
  void on(input::TargetReady&& ready);
  void on(input::StreamOpened&& opened);
  void on(input::StreamBatch&& batch);
  void on(input::StreamFailed&& failed);
  void on(input::StreamSpooled&& spooled);
  void on(input::SpoolBatch&& batch);
  void on(input::SpoolFailed&& failed);
  void on(input::WriteFinished&& finished);
  void on(input::SchemaChanged&& changed);
  void on(input::CheckpointDurable&& durable);
  void on(input::CheckpointFailed&& failed);
  void on(input::QuarantineDurable&& durable);
  void on(input::QuarantineFailed&& failed);
  void on(input::Compared&& compared);
  void on(input::CopyPlanned&& planned);
  void on(input::RangeBatch&& batch);
  void on(input::RangeFailed&& failed);
  void on(input::Tick&& tick);
  void on(input::Stop&& stop);

  void pump();
  void pump_parts();
  void move_watermarks();
  void pump_ending();
  void end_when_only_gaps_are_left();
  void end_when_copied();
  bool waits_for_comparisons();
  std::string left_by_copy() const;
  void wish_wake();
  bool idle() const;
  uint64_t events_waiting() const;
  uint64_t held_bytes() const;
  Checkpoint build_checkpoint();

  Shared shared_;
  PendingOperations pending_;
  Acknowledger acknowledger_;
  Checkpoints checkpoints_;
  Suspects suspects_;
  Lookups lookups_;
  Refusals refusals_;
  Writers writers_;
  Streams streams_;
  Copies copies_;
  SetAside set_aside_;
  Barriers barriers_;
  Intake intake_;
  std::vector<uint64_t> spool_next_;  // of the checkpoint that was asked for last
  uint64_t first_generation_ = 0;     // must be durable before the first write
  Instant wake_at_;
  Instant compares_since_;  // since when an end waits only for comparisons
  bool finished_ = false;
};

}  // namespace ddsync
