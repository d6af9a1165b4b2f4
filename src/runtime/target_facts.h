// What the target says of itself, for those who need it later than at the start. Thread-safety: one thread.
#pragma once

#include <optional>

#include "mongo/endpoint.h"
#include "runtime/servers.h"

namespace ddsync::runtime {

class TargetFacts {
 public:
  // The endpoint of `servers` must outlive it.
  explicit TargetFacts(const Servers& servers) : target_(*servers.target), info_(servers.target_info) {}

  // Asks the target when it was out of reach until now.
  mongo::Result<const mongo::ServerInfo*> get() {
    if (!info_) {
      auto told = target_.describe();
      if (!told) return tl::unexpected(std::move(told).error());
      info_ = *std::move(told);
    }
    return &*info_;
  }

 private:
  mongo::Endpoint& target_;
  std::optional<mongo::ServerInfo> info_;
};

}  // namespace ddsync::runtime
