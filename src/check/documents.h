// How many documents both sides hold, and what the configuration says about that.
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
  std::vector<std::string> not_empty;  // collections that hold documents at the target
  bool has_state = false;              // a position is saved: these may be ours
};

// Pure.
Finding judge_documents(const DocumentCounts& counts, const config::InitialSync& initial_sync);

}  // namespace ddsync::check
