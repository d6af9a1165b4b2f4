// Carries out the engine's orders for one reader of the initial copy. Thread-safety: one thread.
#pragma once

#include <memory>

#include "engine/output.h"
#include "mongo/range_reader.h"
#include "runtime/inbox.h"

namespace ddsync::runtime {

class RangeCopier {
 public:
  // `inbox` must outlive it.
  RangeCopier(std::unique_ptr<mongo::RangeReader> source, Inbox& inbox)
      : source_(std::move(source)), inbox_(inbox) {}

  void carry_out(const output::ReadRange& order);

 private:
  mongo::Result<RawBatch> read(const output::ReadRange& order, bool& done);

  std::unique_ptr<mongo::RangeReader> source_;
  Inbox& inbox_;
};

}  // namespace ddsync::runtime
