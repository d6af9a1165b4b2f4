// Both servers at the start: connected, recognised, found fit for their part.
#pragma once

#include <memory>
#include <optional>

#include "mongo/endpoint.h"
#include "runtime/refusal.h"
#include "runtime/signals.h"

namespace ddsync::runtime {

struct Servers {
  std::unique_ptr<mongo::Endpoint> source;
  std::unique_ptr<mongo::Endpoint> target;
  mongo::ServerInfo source_info;
  std::optional<mongo::ServerInfo> target_info;  // none: it was out of reach, see Needs
};

// What a start cannot do without. A pair that ran before goes on reading while its target is away: a source
// that forgets soon would else have a gap.
enum class Needs : uint8_t { both, source };

// Waits for ever for servers that are out of reach (and says so once for each distinct reason); with
// Needs::source for the target only as long as one try takes; `signals` is told how far it is. Refuses with
// access_denied, or with bad_configuration for a URI or a pair of servers that cannot work.
Started<Servers> connect(const config::Config& config, size_t streams, Needs needs, Signals& signals);

// Why this pair cannot be synchronised; nothing when it can.
std::optional<std::string> unfit_pair(const mongo::ServerInfo& source, const mongo::ServerInfo& target);

// Why this source cannot be watched by these streams; nothing when it can, or when the operator chose them.
// Cluster-level streams of open DocumentDB opened and delivered nothing in every build measured: all would
// look well and nothing would be synchronised.
std::optional<std::string> unfit_streams(const mongo::ServerInfo& source, config::Scope chosen,
                                         const std::vector<WatchScope>& streams);

}  // namespace ddsync::runtime
