#include "runtime/stream_reader.h"

#include <utility>

namespace ddsync::runtime {

StreamReader::StreamReader(StreamId stream, std::unique_ptr<mongo::ChangeStream> source, Inbox& inbox)
    : stream_(stream), source_(std::move(source)), inbox_(inbox) {}

void StreamReader::carry_out(const StreamOrder& order) {
  std::visit([this](const auto& one) { carry_out(one); }, order);
}

void StreamReader::carry_out(const output::OpenStream& order) {
  auto start = source_->open(order.position);
  if (start) {
    inbox_.post(input::StreamOpened{.stream = stream_, .start = *std::move(start)});
    return;
  }
  source_->close();
  inbox_.post(input::StreamFailed{.stream = stream_, .error = std::move(start).error()});
}

void StreamReader::carry_out(const output::ReadStream& order) {
  auto batch = source_->next(order.events_max);
  if (batch) {
    inbox_.post(input::StreamBatch{.stream = stream_, .batch = *std::move(batch)});
    return;
  }
  source_->close();
  inbox_.post(input::StreamFailed{.stream = stream_, .error = std::move(batch).error()});
}

void StreamReader::carry_out(const output::CloseStream&) { source_->close(); }

}  // namespace ddsync::runtime
