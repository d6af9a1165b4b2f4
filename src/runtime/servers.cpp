#include "runtime/servers.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "engine/rng.h"
#include "observe/log.h"

namespace ddsync::runtime {
namespace {

constexpr Duration kBackoffMin = Duration::milliseconds(250);
constexpr Duration kBackoffMax = Duration::seconds(5);
// Beside the streams or writers: readers for comparisons and counts, `hello`, one in reserve.
constexpr uint32_t kOtherConnections = 6;

// One server that is being waited for.
struct Waiting {
  std::string role;
  mongo::EndpointOptions options;
  std::unique_ptr<mongo::Endpoint> endpoint;
  std::optional<mongo::ServerInfo> info;
  std::string last_problem;
  std::chrono::steady_clock::time_point told_at;
  std::chrono::seconds told_every;  // 0: once
};

Waiting waiting(std::string role, const std::string& uri, size_t connections, uint32_t told_every_s) {
  return {.role = std::move(role),
          .options = {.uri = uri, .connections_max = static_cast<uint32_t>(connections) + kOtherConnections},
          .endpoint = nullptr,
          .info = {},
          .last_problem = {},
          .told_at = {},
          .told_every = std::chrono::seconds(told_every_s)};
}

// As often as the status line, which there is not yet.
void tell(Waiting& server, const Error& error) {
  const auto now = std::chrono::steady_clock::now();
  std::string problem = describe(error);
  const bool again = server.told_every.count() > 0 && now - server.told_at >= server.told_every;
  if (problem == server.last_problem && !again) {
    return;
  }
  observe::log_warning(fmt::format("waiting for the {}: {}", server.role, problem));
  server.last_problem = std::move(problem);
  server.told_at = now;
}

// False: not yet, the name service does not answer.
Started<bool> make_endpoint(Waiting& server) {
  auto endpoint = mongo::Endpoint::create(server.options);
  if (endpoint) {
    server.endpoint = *std::move(endpoint);
    return true;
  }
  if (endpoint.error().code != kErrorNetwork) {
    return refuse(ExitCode::bad_configuration,
                  fmt::format("{}.uri: {}", server.role, endpoint.error().message));
  }
  tell(server, endpoint.error());
  return false;
}

Started<void> ask(Waiting& server) {
  if (!server.endpoint) {
    const auto made = make_endpoint(server);
    if (!made) {
      return tl::unexpected(made.error());
    }
    if (!*made) {
      return {};
    }
  }
  auto info = server.endpoint->describe();
  if (info) {
    server.info = *std::move(info);
    observe::log_info(fmt::format("{}: {}", server.role, server.info->description));
    return {};
  }
  if (info.error().treatment == Treatment::fatal) {
    return refuse(ExitCode::access_denied,
                  fmt::format("the {0} refuses the service: {1}; check user, password and rights in {0}.uri",
                              server.role, describe(info.error())));
  }
  tell(server, info.error());
  return {};
}

// As the status line tells of a stream: " source=waiting (why)".
std::string progress(const Waiting& server) {
  if (server.info) {
    return fmt::format(" {}=answered", server.role);
  }
  const std::string why = server.last_problem.empty() ? "" : fmt::format(" ({})", server.last_problem);
  return fmt::format(" {}=waiting{}", server.role, why);
}

Started<void> wait_for_servers(Waiting& source, Waiting& target, Needs needs, Signals& signals) {
  // With jitter: services that wait for one server do not all come back in the same moment.
  Rng rng(std::random_device{}());
  for (uint32_t attempt = 1;; ++attempt) {
    for (Waiting* server : {&source, &target}) {
      signals.starting(progress(source) + progress(target));
      if (server->info) {
        continue;
      }
      if (auto asked = ask(*server); !asked) {
        return asked;
      }
    }
    signals.starting(progress(source) + progress(target));
    const bool can_do_without_target = needs == Needs::source && target.endpoint;
    if (source.info && (target.info || can_do_without_target)) {
      return {};
    }
    std::this_thread::sleep_for(std::chrono::microseconds(rng.backoff(kBackoffMin, kBackoffMax, attempt).us));
  }
}

}  // namespace

Started<Servers> connect(const config::Config& config, size_t streams, Needs needs, Signals& signals) {
  // A writer makes indexes and options as the source has them, so it asks both sides.
  const size_t writers = std::max(config.writers, config.initial_sync.writers);
  const size_t readers = config.initial_sync.readers;
  Waiting source =
      waiting("source", config.source_uri, streams + readers + writers, config.status_interval_s);
  Waiting target = waiting("target", config.target_uri, 2 * writers, config.status_interval_s);
  if (auto answered = wait_for_servers(source, target, needs, signals); !answered) {
    return tl::unexpected(std::move(answered).error());
  }
  if (!target.info) {
    observe::log_warning(
        "the target is out of reach: changes are read meanwhile and wait in memory and the spool");
  } else if (const auto problem = unfit_pair(*source.info, *target.info)) {
    return refuse(ExitCode::bad_configuration, *problem);
  }
  return Servers{.source = std::move(source.endpoint),
                 .target = std::move(target.endpoint),
                 .source_info = *std::move(source.info),
                 .target_info = std::move(target.info)};
}

std::optional<std::string> unfit_pair(const mongo::ServerInfo& source, const mongo::ServerInfo& target) {
  if (source.is_cosmosdb_ru) {
    return "source.uri: this is the RU-based Azure Cosmos DB for MongoDB, whose change streams leave out "
           "deletes: "
           "it cannot be a source";
  }
  if (!source.process_id.empty() && source.process_id == target.process_id) {
    return "source.uri and target.uri lead to the same server: name two different ones";
  }
  if (!source.is_documentdb && !source.is_replica_set_or_mongos) {
    return "source.uri: this is a standalone server, which has no change streams: make it a replica set (one "
           "member is enough)";
  }
  return std::nullopt;
}

std::optional<std::string> unfit_streams(const mongo::ServerInfo& source, config::Scope chosen,
                                         const std::vector<WatchScope>& streams) {
  const bool whole_cluster = std::any_of(streams.begin(), streams.end(), [](const WatchScope& stream) {
    return stream.level == ScopeLevel::cluster;
  });
  if (!source.is_documentdb || !whole_cluster || chosen == config::Scope::cluster) {
    return std::nullopt;
  }
  return "the whole cluster would be watched by one stream, but such streams of DocumentDB are known to "
         "deliver "
         "nothing: list database.* with watch.scope: database, or set watch.scope: cluster if yours do";
}

}  // namespace ddsync::runtime
