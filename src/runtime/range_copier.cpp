#include "runtime/range_copier.h"

#include <utility>

namespace ddsync::runtime {

void RangeCopier::carry_out(const output::ReadRange& order) {
  bool done = false;
  auto batch = read(order, done);
  if (!batch || done) source_->close();
  if (batch) {
    inbox_.post(input::RangeBatch{
        .reader = order.reader, .range = order.range, .batch = *std::move(batch), .done = done});
  } else {
    inbox_.post(
        input::RangeFailed{.reader = order.reader, .range = order.range, .error = std::move(batch).error()});
  }
}

mongo::Result<RawBatch> RangeCopier::read(const output::ReadRange& order, bool& done) {
  if (!order.is_open) {
    if (auto opened = source_->open(order.bounds, order.after); !opened)
      return tl::unexpected(std::move(opened).error());
  }
  return source_->next(order.documents_max, done);
}

}  // namespace ddsync::runtime
