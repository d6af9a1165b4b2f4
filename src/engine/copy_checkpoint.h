// What is durable of the initial copy.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/copy_plan.h"

namespace ddsync {

// How far the copy of a stream's collections is.
enum class StreamCopy : uint8_t {
  none,         // nothing is to be copied, or all is done
  planning,     // wanted; what there is to copy is not known yet
  copying,      // the collections below are left; no event of the stream is applied before they are copied
  catching_up,  // copied; the events since the start of the copy are being applied
};

// What is left of one range.
struct RangeLeft {
  CopyRange range;
  OwnedValue after;  // acknowledged up to here; missing = nothing of it
  friend bool operator==(const RangeLeft&, const RangeLeft&) = default;
};

// What is left of one collection.
struct CollectionLeft {
  enum class Step : uint8_t {
    prepare,       // it has to be made on the target
    copy,          // `ranges`
    indexes,       // those that may be built before the events are applied
    late_indexes,  // those that may not: when the stream has caught up
  };
  std::string stream;  // WatchScope::name()
  Namespace ns;
  Step step = Step::prepare;
  uint64_t documents = 0;       // estimate
  uint64_t documents_done = 0;  // that are not of `ranges`; 0 in states of earlier versions
  std::vector<RangeLeft> ranges;
  std::string uuid;  // of the source's collection whose indexes are to be built; "" = not known
  friend bool operator==(const CollectionLeft&, const CollectionLeft&) = default;
};

}  // namespace ddsync
