// What is looked at beside the running service, and only told: it delays no start.
#pragma once

#include <chrono>
#include <future>
#include <optional>
#include <vector>

#include "engine/namespace.h"
#include "engine/source_identity.h"
#include "runtime/durable_state.h"
#include "runtime/servers.h"
#include "runtime/service.h"
#include "runtime/thread.h"

namespace ddsync::runtime {

class StartLook {
 public:
  // Begins at once. All but `now` must outlive it.
  StartLook(const ServiceOptions& options, Servers& servers, const DurableState& state,
            const SourceIdentity& now);

  // Of an earlier run, and not at the target any more. Waits for the answer; nothing: it did not come in
  // time, or was an error.
  std::optional<size_t> collections_lost(std::chrono::milliseconds patience) const;

 private:
  std::promise<std::optional<size_t>> lost_;
  std::shared_future<std::optional<size_t>> answer_;
  Thread thread_;  // last: it uses what is above
};

}  // namespace ddsync::runtime
