// How many documents both sides hold, and what the initial sync of a run would do with them.
#pragma once

#include "check/context.h"
#include "check/finding.h"

namespace ddsync::check {

// Counts at the target what check_source_rights() left in the context.
Findings check_documents(Context& context);

struct DocumentCounts {
  size_t collections = 0;
  uint64_t source = 0;
  uint64_t target = 0;
  // At the target, of each collection that no copy and no position covers: what the source has more.
  uint64_t lacking = 0;
  // Of those that are only followed, where the target has fewer: "shop.orders (0 of 101)".
  std::vector<std::string> fewer;
  // Of what would be copied.
  size_t copied_collections = 0;
  uint64_t copied = 0;
  uint64_t in_the_way = 0;             // documents of the target
  std::vector<std::string> not_empty;  // the target's collections that hold them
  bool copy_goes_on = false;           // one that was interrupted
  bool has_state = false;              // a position is saved
  bool state_unknown = false;          // none of the above but the totals is known
};

// Pure.
Finding judge_documents(const DocumentCounts& counts, const config::InitialSync& initial_sync);

}  // namespace ddsync::check
