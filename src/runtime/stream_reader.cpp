#include "runtime/stream_reader.h"

#include <utility>

#include "engine/batch_position.h"

namespace ddsync::runtime {
namespace {

Error not_understood(const std::string& scope) {
  return make_error(ErrorContext::stream_read, kErrorProtocol, "",
                    "the source delivered a change event of " + scope + " that cannot be understood");
}

}  // namespace

StreamReader::StreamReader(StreamId stream, std::unique_ptr<mongo::ChangeStream> source, std::string scope,
                           state::Spool* spool, Inbox& inbox)
    : stream_(stream), source_(std::move(source)), scope_(std::move(scope)), spool_(spool), inbox_(inbox) {}

void StreamReader::carry_out(const StreamOrder& order) {
  std::visit([this](const auto& one) { carry_out(one); }, order);
}

void StreamReader::carry_out(const output::OpenStream& order) {
  opened_ = order.position;
  auto start = source_->open(order.position);
  if (start) {
    inbox_.post(
        input::StreamOpened{.stream = stream_, .start = *std::move(start), .expanded = source_->expanded()});
    return;
  }
  fail(std::move(start).error());
}

void StreamReader::carry_out(const output::ReadStream& order) {
  auto batch = source_->next(order.events_max);
  if (!batch) {
    fail(std::move(batch).error());
    return;
  }
  const bool to_keep = batch->events.has_elements() || order.spool_idle;
  if (order.spool_as != 0 && spool_ != nullptr && to_keep) {
    keep(order, *std::move(batch));
  } else {
    inbox_.post(input::StreamBatch{.stream = stream_, .batch = *std::move(batch)});
  }
}

void StreamReader::keep(const output::ReadStream& order, RawBatch&& batch) {
  auto position = position_behind(batch.events, batch.post_batch_token, opened_);
  if (!position) {
    fail(not_understood(scope_));
    return;
  }
  if (!position->after.known()) {  // nothing came, and no position with it
    inbox_.post(input::StreamBatch{.stream = stream_, .batch = std::move(batch)});
    return;
  }
  if (auto kept = spool_->append(scope_, order.spool_as, batch, position->after); !kept) {
    fail(std::move(kept).error());
    return;
  }
  inbox_.post(input::StreamSpooled{.stream = stream_,
                                   .sequence = order.spool_as,
                                   .after = std::move(position->after),
                                   .invalidated = position->invalidated,
                                   .bytes = batch.bytes,
                                   .size = position->size});
}

// The cursor may be ahead of what was kept: it is opened again from there.
void StreamReader::fail(Error error) {
  source_->close();
  inbox_.post(input::StreamFailed{.stream = stream_, .error = std::move(error)});
}

void StreamReader::carry_out(const output::CloseStream&) { source_->close(); }

}  // namespace ddsync::runtime
