#include "runtime/servers.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "observe/log.h"

namespace ddsync::runtime {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBackoffMin{250};
constexpr milliseconds kBackoffMax{5'000};
// Beside the streams or writers: readers for comparisons and counts, `hello`, one in reserve.
constexpr uint32_t kOtherConnections = 4;

// One server that is being waited for.
struct Waiting {
  std::string role;
  mongo::Endpoint& endpoint;
  mongo::ServerInfo& info;
  bool answered = false;
  std::string last_problem;
};

Started<std::unique_ptr<mongo::Endpoint>> make_endpoint(const std::string& role, const std::string& uri,
                                                        size_t connections) {
  auto endpoint = mongo::Endpoint::create(
      {.uri = uri, .connections_max = static_cast<uint32_t>(connections) + kOtherConnections});
  if (!endpoint) {
    return refuse(ExitCode::bad_configuration, fmt::format("{}.uri: {}", role, endpoint.error().message));
  }
  return *std::move(endpoint);
}

Started<void> ask(Waiting& server) {
  auto info = server.endpoint.describe();
  if (info) {
    server.info = *std::move(info);
    server.answered = true;
    observe::log_info(fmt::format("{}: {}", server.role, server.info.description));
    return {};
  }
  const Error& error = info.error();
  if (error.treatment == Treatment::fatal) {
    return refuse(ExitCode::access_denied, fmt::format("the {} refuses the service: {}; check user, password "
                                                       "and rights in {}.uri",
                                                       server.role, describe(error), server.role));
  }
  if (std::string problem = describe(error); problem != server.last_problem) {
    observe::log_warning(fmt::format("waiting for the {}: {}", server.role, problem));
    server.last_problem = std::move(problem);
  }
  return {};
}

Started<void> wait_for_both(Waiting source, Waiting target) {
  for (milliseconds backoff = kBackoffMin;; backoff = std::min(backoff * 2, kBackoffMax)) {
    for (Waiting* server : {&source, &target}) {
      if (server->answered) {
        continue;
      }
      if (auto asked = ask(*server); !asked) {
        return asked;
      }
    }
    if (source.answered && target.answered) {
      return {};
    }
    std::this_thread::sleep_for(backoff);
  }
}

}  // namespace

Started<Servers> connect(const config::Config& config, size_t streams) {
  auto source = make_endpoint("source", config.source_uri, streams);
  if (!source) {
    return tl::unexpected(std::move(source).error());
  }
  auto target = make_endpoint("target", config.target_uri, config.writers);
  if (!target) {
    return tl::unexpected(std::move(target).error());
  }
  Servers servers{
      .source = *std::move(source), .target = *std::move(target), .source_info = {}, .target_info = {}};
  auto answered = wait_for_both(
      {.role = "source", .endpoint = *servers.source, .info = servers.source_info, .last_problem = {}},
      {.role = "target", .endpoint = *servers.target, .info = servers.target_info, .last_problem = {}});
  if (!answered) {
    return tl::unexpected(std::move(answered).error());
  }
  if (const auto problem = unfit_pair(servers.source_info, servers.target_info)) {
    return refuse(ExitCode::bad_configuration, *problem);
  }
  return servers;
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

}  // namespace ddsync::runtime
