// What there is to copy at the start, in parts that can be read side by side. Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bson/order.h"
#include "bson/owned.h"
#include "engine/namespace.h"

namespace ddsync {

// One part of a collection, by _id: all of one range is of one bracket of BSON types, or it is the whole
// collection.
struct CopyRange {
  Namespace ns;
  uint32_t bracket = 0;  // a Bracket (bson/order.h): 0 = all types, the whole collection
  OwnedValue from;       // exclusive lower bound, missing() = from the bracket's start
  OwnedValue to;         // inclusive upper bound, missing() = to the bracket's end

  friend bool operator==(const CopyRange&, const CopyRange&) = default;
};

struct PlannedCollection {
  Namespace ns;
  OwnedDocument options;          // listCollections `options`, as the server gave them
  std::string type;               // collection, view or timeseries
  uint64_t documents = 0;         // estimate
  std::vector<CopyRange> ranges;  // together every document that was there when the plan was made
};

}  // namespace ddsync
