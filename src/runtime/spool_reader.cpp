#include "runtime/spool_reader.h"

#include <utility>

#include "observe/log.h"

namespace ddsync::runtime {

void SpoolReader::carry_out(const SpoolOrder& order) {
  std::visit([this](const auto& one) { carry_out(one); }, order);
}

void SpoolReader::carry_out(const output::ReadSpool& order) {
  auto entry = spool_.read(scopes_.at(order.stream.value), order.sequence);
  if (!entry) {
    inbox_.post(input::SpoolFailed{.stream = order.stream, .error = std::move(entry).error()});
    return;
  }
  inbox_.post(input::SpoolBatch{.stream = order.stream,
                                .sequence = order.sequence,
                                .batch = std::move(entry->batch),
                                .after = std::move(entry->after)});
}

void SpoolReader::carry_out(const output::TrimSpool& order) {
  if (const auto trimmed = spool_.remove_before(scopes_.at(order.stream.value), order.before); !trimmed)
    observe::log_warning("the spool gives no space back: " + describe(trimmed.error()));
}

}  // namespace ddsync::runtime
