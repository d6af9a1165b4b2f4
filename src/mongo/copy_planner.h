// Finds what there is to copy and divides it into ranges that can be read side by side.
// Thread-safety: one thread. Must not outlive its Endpoint.
#pragma once

#include <vector>

#include "engine/copy_plan.h"
#include "mongo/endpoint.h"

namespace ddsync::mongo {

class CopyPlanner {
 public:
  virtual ~CopyPlanner() = default;

  // The collections that `scope` and `filter` hold both, by name. Views are listed without ranges. A time
  // series has one range and no estimate. A scope that is not there (yet) gives nothing.
  // Where a range ends depends on samples of the moment; that the ranges of a collection are disjoint and
  // hold every document does not.
  virtual Result<std::vector<PlannedCollection>> plan(const WatchScope& scope,
                                                      const NamespaceFilter& filter) = 0;
};

}  // namespace ddsync::mongo
