#include "runtime/durable_writer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>

namespace ddsync::runtime {

void DurableWriter::carry_out(const DurableOrder& order) {
  std::visit([this](const auto& one) { carry_out(one); }, order);
}

void DurableWriter::carry_out(const output::Persist& order) {
  const uint64_t generation = order.checkpoint.generation;
  const auto saved = checkpoints_.save(order.checkpoint);
  if (saved) {
    inbox_.post(input::CheckpointDurable{.generation = generation});
  } else {
    inbox_.post(input::CheckpointFailed{.generation = generation, .error = saved.error()});
  }
}

void DurableWriter::carry_out(const output::Quarantine& order) {
  const auto stored = dead_letters_.append(order.records, iso8601_now());
  if (stored) {
    inbox_.post(input::QuarantineDurable{.id = order.id});
  } else {
    inbox_.post(input::QuarantineFailed{.id = order.id, .error = stored.error()});
  }
}

std::string iso8601_now() {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), (now - seconds).count());
}

}  // namespace ddsync::runtime
