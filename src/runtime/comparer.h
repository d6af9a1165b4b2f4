// Reads both sides off the hot path: compares suspect keys, and asks the target for its limits again after
// an outage.
#pragma once

#include <memory>
#include <variant>

#include "config/config.h"
#include "engine/output.h"
#include "mongo/reader.h"
#include "runtime/inbox.h"

namespace ddsync::runtime {

struct DescribeTarget {};
using CompareOrder = std::variant<output::Compare, DescribeTarget>;

// What the engine was told at the start; not `known`: the target was out of reach.
struct LimitsAtStart {
  TargetLimits limits;
  bool known = true;
};

class Comparer {
 public:
  // `target` and `inbox` must outlive the comparer.
  Comparer(std::unique_ptr<mongo::Reader> source_reader, std::unique_ptr<mongo::Reader> target_reader,
           mongo::Endpoint& target, LimitsAtStart start, config::Fence fence, Inbox& inbox);

  void carry_out(const CompareOrder& order);

 private:
  void carry_out(const output::Compare& order);
  void carry_out(const DescribeTarget& order);
  mongo::Result<void> compare(const output::Compare& order, input::Compared& answer);

  std::unique_ptr<mongo::Reader> source_reader_;
  std::unique_ptr<mongo::Reader> target_reader_;
  mongo::Endpoint& target_;
  TargetLimits limits_;
  bool known_;  // the target has said what it is
  config::Fence fence_;
  Inbox& inbox_;
};

// What the engine is told of the target: `fence` decides whether late duplicates count as refused.
TargetLimits effective_limits(TargetLimits probed, config::Fence fence);

// The limits after an outage. Writers keep the fence that they were made with, so it is never switched on
// later, only off.
TargetLimits limits_after_outage(const TargetLimits& known, TargetLimits probed);

}  // namespace ddsync::runtime
