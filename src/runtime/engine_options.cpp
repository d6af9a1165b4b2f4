#include "runtime/engine_options.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>

namespace ddsync::runtime {
namespace {

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

void add_spool(EngineOptions& options, const config::Config& config, const state::Spool& spool,
               const Servers& servers) {
  options.spool_bytes_max = config.spool_limit_bytes;
  const bool at_once = servers.source_info.is_documentdb || !servers.target_info;
  options.spool_patience = at_once ? Duration{} : kSpoolPatience;
  for (const state::SpooledStream& held : spool.contents()) {
    options.spool.push_back({.scope = held.scope,
                             .first = held.first,
                             .end = held.end,
                             .bytes = held.bytes,
                             .after = held.after});
  }
}

}  // namespace

EngineOptions engine_options(const ServiceOptions& service, std::vector<WatchScope> streams,
                             const DurableState& state, const Servers& servers) {
  const config::Config& config = service.config;
  EngineOptions options;
  options.streams = std::move(streams);
  options.filter = NamespaceFilter(config.watch, config.exclude);
  options.resume_from = state.checkpoint.value_or(Checkpoint{});
  options.writers = std::max(config.writers, config.initial_sync.writers);
  options.copy = copy_options(service);
  options.carry_indexes = config.indexes != config::Indexes::off;
  options.memory_bytes_max = config.memory_limit_bytes;
  options.persist_interval = config.persist_interval;
  options.on_error = config.on_error;
  options.late_write_max = Duration::milliseconds(config.late_write_max_ms);
  options.seed = random_seed();
  if (state.spool) {
    add_spool(options, config, *state.spool, servers);
  }
  return options;
}

}  // namespace ddsync::runtime
