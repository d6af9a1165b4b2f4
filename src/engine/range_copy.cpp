#include "engine/range_copy.h"

#include <utility>

namespace ddsync {

void RangeCopy::note_read(uint64_t documents, OwnedValue last) {
  documents_ += documents;
  read_to_ = std::move(last);
  resumed_ = false;
}

RangeLeft RangeCopy::left() const {
  const StreamPosition behind = ledger_.position();
  if (!behind.known()) return left_;
  return {left_.range, OwnedValue(find_value(behind.token.view(), "_id"))};
}

}  // namespace ddsync
