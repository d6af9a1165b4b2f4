#include "runtime/start_look.h"

#include <utility>

#include "runtime/lost_collections.h"
#include "runtime/source_identity.h"

namespace ddsync::runtime {
namespace {

std::vector<Namespace> expected(const ServiceOptions& options, const DurableState& state,
                                const SourceIdentity& now) {
  if (!state.checkpoint || !state.checkpoint->source) {
    return {};
  }
  return expected_on_target(*state.checkpoint, in_common(*state.checkpoint->source, now),
                            options.config.initial_sync.mode);
}

std::optional<size_t> ask_for_lost(Servers& servers, const std::vector<Namespace>& expected) {
  if (!servers.target_info) {
    return 0;
  }
  return warn_of_lost(*servers.source->reader(), *servers.target->reader(), expected);
}

}  // namespace

StartLook::StartLook(const ServiceOptions& options, Servers& servers, const DurableState& state,
                     const SourceIdentity& now)
    : answer_(lost_.get_future()),
      thread_("check", [this, &options, &servers, &state, expected = expected(options, state, now)] {
        lost_.set_value(ask_for_lost(servers, expected));
        if (options.look_at_start) {
          options.look_at_start(
              {.config = options.config, .servers = servers, .saved_at_s = state.saved_at_s});
        }
      }) {}

std::optional<size_t> StartLook::collections_lost(std::chrono::milliseconds patience) const {
  if (answer_.wait_for(patience) != std::future_status::ready) {
    return std::nullopt;
  }
  return answer_.get();
}

}  // namespace ddsync::runtime
