// What the checks of one run share: both servers, the state, and what earlier checks found out for later
// ones.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "engine/checkpoint.h"
#include "mongo/endpoint.h"
#include "runtime/patience.h"

namespace ddsync::check {

// Of a check that asks for every collection.
inline constexpr std::chrono::seconds kPatience{20};

struct Side {
  std::string role;                        // "source" or "target"
  std::unique_ptr<mongo::Endpoint> owned;  // none: the endpoint is another's
  mongo::Endpoint* endpoint = nullptr;
  std::optional<mongo::ServerInfo> info;  // nothing: the server does not answer
  int64_t asked_ms = 0;                   // our wall clock around the question that `info` answers
  int64_t answered_ms = 0;
};

struct Counted {
  Namespace ns;
  uint64_t documents = 0;  // on the source, an estimate
};

struct Context {
  explicit Context(const config::Config& configuration) : config(configuration) {}

  const config::Config& config;
  Side source{.role = "source", .owned = {}, .info = {}};
  Side target{.role = "target", .owned = {}, .info = {}};
  std::optional<Checkpoint> checkpoint;  // nothing: no state, or none that can be read
  bool state_unknown = false;            // none that can be read: there may be one
  std::optional<int64_t> saved_at_s;     // when the source was last read, if the state tells
  std::vector<Counted> collections;      // in scope and there on the source
};

}  // namespace ddsync::check
