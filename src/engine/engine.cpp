#include "engine/engine.h"

#include <utility>

#include "engine/core.h"

namespace ddsync {

Engine::Engine(EngineOptions options) : core_(std::make_unique<Core>(std::move(options))) {}
Engine::~Engine() = default;

void Engine::step(Instant now, Input&& input, Outputs& outputs) {
  core_->step(now, std::move(input), outputs);
}
bool Engine::finished() const { return core_->finished(); }
EngineStatus Engine::status() const { return core_->status(); }

}  // namespace ddsync
