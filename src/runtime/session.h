// One run of the engine: its inbox, the workers that carry out what it asks for, and the loop that drives it.
// The calling thread of run() is the engine's.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "config/config.h"
#include "engine/engine.h"
#include "runtime/comparer.h"
#include "runtime/copy_planning.h"
#include "runtime/durable_state.h"
#include "runtime/durable_writer.h"
#include "runtime/inbox.h"
#include "runtime/range_copier.h"
#include "runtime/reporter.h"
#include "runtime/servers.h"
#include "runtime/signals.h"
#include "runtime/spool_reader.h"
#include "runtime/stream_reader.h"
#include "runtime/target_writer.h"
#include "runtime/worker.h"

namespace ddsync::runtime {

class Session {
 public:
  // All references must outlive the session.
  Session(const ServiceOptions& service, const EngineOptions& options, Servers& servers, DurableState& state,
          Signals& signals);
  ~Session();  // finishes what the workers have, then ends them
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Until the engine is finished. What is durable then is all that a restart needs.
  ExitCode run();
  // It ended because a copy that was to do only that (EngineOptions::copy) is done.
  bool copied_all() const { return copied_all_; }

 private:
  void start_workers(const config::Config& config, const EngineOptions& options, Servers& servers,
                     DurableState& state);
  void start_streams(const EngineOptions& options, Servers& servers, DurableState& state);
  void start_copy(const config::Config& config, const EngineOptions& options, Servers& servers);
  std::optional<TimePoint> next_wake() const;
  void tick_if_due(TimePoint now);
  void step(TimePoint now, Input&& input);

  void carry_out(output::OpenStream&& order);
  void carry_out(output::ReadStream&& order);
  void carry_out(output::CloseStream&& order);
  void carry_out(output::ReadSpool&& order);
  void carry_out(output::TrimSpool&& order);
  void carry_out(output::PlanCopy&& order);
  void carry_out(output::ReadRange&& order);
  void carry_out(output::Write&& order);
  void carry_out(output::ChangeSchema&& order);
  void carry_out(output::Persist&& order);
  void carry_out(output::Quarantine&& order);
  void carry_out(output::Compare&& order);
  void carry_out(output::WakeAt&& order);
  void carry_out(output::Notice&& notice);
  void carry_out(output::Watching&& watching);
  void carry_out(output::Finished&& finished);

  Signals& signals_;
  TargetLimits limits_;
  uint32_t writer_count_;
  Reporter reporter_;
  Inbox inbox_;
  Engine engine_;  // before the workers: batches of it are in their hands until they have ended
  Outputs outputs_;
  std::optional<TimePoint> wake_at_;
  ExitCode exit_code_ = ExitCode::ok;
  bool copied_all_ = false;

  std::unique_ptr<Worker<CompareOrder>> comparer_;
  OutageWatch outages_;
  std::unique_ptr<Worker<DurableOrder>> durable_;
  std::vector<std::unique_ptr<Worker<WriteOrder>>> writers_;
  std::vector<std::unique_ptr<Worker<StreamOrder>>> streams_;
  std::unique_ptr<Worker<SpoolOrder>> spool_;  // none: there is no spool
  std::unique_ptr<Worker<output::PlanCopy>> planner_;
  std::vector<std::unique_ptr<Worker<output::ReadRange>>> readers_;
};

}  // namespace ddsync::runtime
