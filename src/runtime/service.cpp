#include "runtime/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <system_error>

#include "observe/log.h"
#include "runtime/clock_watch.h"
#include "runtime/copy_verdict.h"
#include "runtime/durable_state.h"
#include "runtime/engine_options.h"
#include "runtime/existing_documents.h"
#include "runtime/process.h"
#include "runtime/servers.h"
#include "runtime/session.h"
#include "runtime/signals.h"
#include "runtime/source_identity.h"
#include "runtime/start_look.h"
#include "runtime/thread.h"
#include "runtime/watch_changes.h"

namespace ddsync::runtime {
namespace {

// For closing the cursors of streams that are not being read. A server closes the cursor of a waiting getMore
// itself when its client is gone.
constexpr std::chrono::milliseconds kEndPatience{300};

Started<std::vector<WatchScope>> plan(const config::Config& config,
                                      const std::optional<Checkpoint>& checkpoint) {
  auto streams = config::plan_streams(config, checkpoint.value_or(Checkpoint{}).scopes());
  if (!streams) {
    return refuse(ExitCode::bad_configuration, std::move(streams).error());
  }
  return *std::move(streams);
}

// Every stream has a position from which it must be read, whether the target is there or not.
Needs needs(const std::vector<WatchScope>& streams, const std::optional<Checkpoint>& checkpoint) {
  if (!checkpoint) {
    return Needs::both;
  }
  const auto has_position = [&](const WatchScope& scope) {
    return checkpoint->stream(scope.name()).position.known();
  };
  return std::all_of(streams.begin(), streams.end(), has_position) ? Needs::source : Needs::both;
}

// Returns why the service does not start. Once it ran, the process ends here: the driver would take a second
// to end its monitors, for nothing.
Refusal serve(const ServiceOptions& options, DurableState& state, Signals& signals) {
  auto streams = plan(options.config, state.checkpoint);
  if (!streams) {
    return std::move(streams).error();
  }
  auto servers = connect(options.config, streams->size(), needs(*streams, state.checkpoint), signals);
  if (!servers) {
    return std::move(servers).error();
  }
  if (const auto problem = unfit_streams(servers->source_info, options.config.scope, *streams)) {
    return {.code = ExitCode::bad_configuration, .text = *problem};
  }
  auto identity = check_source(*servers, options.config, state.checkpoint, options.same_source);
  if (!identity) {
    return std::move(identity).error();
  }
  if (!state.checkpoint && options.config.initial_sync.mode == CopyMode::off) {
    log_existing_documents(*servers->source->reader(), *servers->target->reader(), options.config);
  }
  if (state.checkpoint) {
    say_watch_changes(*streams, *state.checkpoint, options.config.initial_sync.mode);
  }
  EngineOptions engine = engine_options(options, *std::move(streams), state, *servers);
  auto look = std::make_unique<StartLook>(options, *servers, state, **identity);
  engine.resume_from.source = *std::move(identity);
  ExitDeadline deadline;
  auto session = std::make_unique<Session>(options, engine, *servers, state, signals);
  ExitCode code = run_or_end([&session] { return session->run(); });
  if (session->copied_all()) {
    code = judge_copy(state, *look);
  }
  deadline.arm(code, kEndPatience);
  session.reset();
  look.reset();
  deadline.disarm();
  end_process(code);
}

// The same, with the state that it takes.
Refusal start(const ServiceOptions& options, Signals& signals) {
  auto state = open_state(options);
  if (!state) {
    return std::move(state).error();
  }
  Refusal refusal = serve(options, *state, signals);
  leave_no_trace(*state);
  return refusal;
}

ExitCode cannot_start(const std::exception& failure) {
  observe::log_error(fmt::format("cannot start: {}", failure.what()));
  return ExitCode::bad_configuration;
}

ExitCode run_guarded(const ServiceOptions& options, Signals& signals) {
  try {
    const ClockWatch clock;
    const Refusal refusal = start(options, signals);
    observe::log_error(refusal.text);
    return refusal.code;
  } catch (const std::exception& failure) {
    return cannot_start(failure);
  }
}

}  // namespace

void run_service(const ServiceOptions& options) {
  harden_process();
  install_last_words();
  try {
    Signals signals;
    const Thread log("log", observe::write_log);  // until the process ends
    end_process(run_guarded(options, signals));
  } catch (const std::system_error& failure) {  // one of these threads cannot be had
    end_process(cannot_start(failure));
  }
}

}  // namespace ddsync::runtime
