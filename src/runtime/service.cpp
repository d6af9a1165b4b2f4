#include "runtime/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <filesystem>
#include <memory>
#include <random>
#include <system_error>

#include "observe/log.h"
#include "runtime/clock_watch.h"
#include "runtime/durable_state.h"
#include "runtime/existing_documents.h"
#include "runtime/lost_collections.h"
#include "runtime/process.h"
#include "runtime/servers.h"
#include "runtime/session.h"
#include "runtime/signals.h"
#include "runtime/source_identity.h"
#include "runtime/thread.h"
#include "runtime/watch_changes.h"

namespace ddsync::runtime {
namespace {

// For closing the cursors of streams that are not being read. A server closes the cursor of a waiting getMore
// itself when its client is gone.
constexpr std::chrono::milliseconds kEndPatience{300};

uint64_t random_seed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

// A source that forgets soon, or loses what is read late, is not left unread, nor is any while the target is
// known to be away; others keep their history for hours, and spooling what the target takes a little later
// costs more than it gives.
constexpr Duration kSpoolPatience = Duration::seconds(30);

constexpr uint64_t kLimitedBatchBytesLeast = 64u << 10;

CopyOptions copy_options(const ServiceOptions& service) {
  CopyOptions options;
  const config::InitialSync& configured = service.config.initial_sync;
  options.mode = configured.mode;
  options.only = service.copy_only;
  options.readers = configured.readers;
  options.bytes_per_second_max = configured.bytes_per_second_max;
  if (options.bytes_per_second_max > 0) {  // what all readers have under way at once is of one second
    options.batch_bytes_max = std::clamp(options.bytes_per_second_max / options.readers,
                                         kLimitedBatchBytesLeast, options.batch_bytes_max);
  }
  options.memory_bytes_max = std::min(options.memory_bytes_max, service.config.memory_limit_bytes / 2);
  return options;
}

void add_spool(EngineOptions& options, const config::Config& config, const state::Spool* spool,
               const Servers& servers) {
  if (spool == nullptr) {
    return;
  }
  options.spool_bytes_max = config.spool_limit_bytes;
  const bool at_once = servers.source_info.is_documentdb || !servers.target_info;
  options.spool_patience = at_once ? Duration{} : kSpoolPatience;
  for (const state::SpooledStream& held : spool->contents()) {
    options.spool.push_back({.scope = held.scope,
                             .first = held.first,
                             .end = held.end,
                             .bytes = held.bytes,
                             .after = held.after});
  }
}

EngineOptions engine_options(const ServiceOptions& service, std::vector<WatchScope> streams,
                             const std::optional<Checkpoint>& checkpoint) {
  const config::Config& config = service.config;
  EngineOptions options;
  options.streams = std::move(streams);
  options.filter = NamespaceFilter(config.watch, config.exclude);
  options.resume_from = checkpoint.value_or(Checkpoint{});
  options.writers = std::max(config.writers, config.initial_sync.writers);
  options.copy = copy_options(service);
  options.carry_indexes = config.indexes != config::Indexes::off;
  options.memory_bytes_max = config.memory_limit_bytes;
  options.persist_interval = config.persist_interval;
  options.on_error = config.on_error;
  options.late_write_max = Duration::milliseconds(config.late_write_max_ms);
  options.seed = random_seed();
  return options;
}

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

// What is looked at beside the running service, and only told.
class Look {
 public:
  // All must outlive it.
  Look(const ServiceOptions& options, Servers& servers, const DurableState& state,
       std::vector<Namespace> expected)
      : thread_("check", [this, &options, &servers, &state, expected = std::move(expected)] {
          if (servers.target_info) {
            lost_ = warn_of_lost(*servers.source->reader(), *servers.target->reader(), expected);
          }
          if (options.look_at_start) {
            options.look_at_start(
                {.config = options.config, .servers = servers, .saved_at_s = state.saved_at_s});
          }
        }) {}

  size_t collections_lost() const { return lost_; }

 private:
  std::atomic<size_t> lost_ = 0;
  Thread thread_;  // last: it uses what is above
};

std::unique_ptr<Look> begin_look(const ServiceOptions& options, Servers& servers, const DurableState& state,
                                 const SourceIdentity& now) {
  std::vector<Namespace> expected;
  if (state.checkpoint && state.checkpoint->source) {
    expected = expected_on_target(*state.checkpoint, in_common(*state.checkpoint->source, now),
                                  options.config.initial_sync.mode);
  }
  return std::make_unique<Look>(options, servers, state, std::move(expected));
}

// Of an earlier run: documents that no copy brings.
bool has_letters(const DurableState& state) {
  std::error_code error;
  const auto size = std::filesystem::file_size(state.dead_letters->path(), error);
  return !error && size > 0;
}

// A copy that found a state copies only what that lacked.
ExitCode judge_copy(const DurableState& state, const Look& look) {
  if (has_letters(state)) {
    observe::log_error(fmt::format(
        "but {} holds documents that the target refused in an earlier run: apply them and move it away",
        state.dead_letters->path()));
    return ExitCode::refused_document;
  }
  if (look.collections_lost() > 0) {
    observe::log_error(fmt::format(
        "but the target had lost {} collections of an earlier run when this one began (see above)",
        look.collections_lost()));
    return ExitCode::refused_document;
  }
  if (state.checkpoint) {
    observe::log_info(
        "what an earlier run had copied is not compared; documentdb-sync check counts both sides");
  }
  return ExitCode::ok;
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
  EngineOptions engine = engine_options(options, *std::move(streams), state.checkpoint);
  auto look = begin_look(options, *servers, state, **identity);
  engine.resume_from.source = *std::move(identity);
  add_spool(engine, options.config, state.spool.get(), *servers);
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
