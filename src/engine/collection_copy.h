// One collection that is being copied: the steps that are left and its ranges.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "engine/copy_checkpoint.h"
#include "engine/namespace_queue.h"
#include "engine/range_copy.h"
#include "engine/too_much.h"

namespace ddsync {

inline constexpr uint32_t kNoStream = UINT32_MAX;  // of a collection that is done

struct CollectionCopy {
  using Step = CollectionLeft::Step;

  uint32_t stream = 0;
  Namespace ns;
  NamespaceQueue* queue = nullptr;
  Step step = Step::prepare;
  // So many of its waiting ranges an earlier process, killed, may have been at work on.
  uint64_t interrupted = 0;
  // A schema change that cannot be carried out during a copy: the collection is copied alone, in place of
  // what the target has, and not part of the durable plan: the schema change is met again after a restart.
  bool alone = false;
  // Nothing of it is copied: indexes were made at the source while its stream was live.
  bool indexes_only = false;
  Instant caught_up_since;  // indexes are built when its stream has been at the end of the source after this
  bool once_more = false;   // they changed at the source while they were being built
  std::string uuid;         // of the source's collection that they are of; "" = not known
  bool is_elsewhere = false;     // the source had another collection under the name
  uint64_t plan_generation = 0;  // the plan must be durable before anything is written
  uint64_t documents = 0;        // estimate
  uint64_t documents_done = 0;   // of ranges that are complete, and by earlier processes
  uint64_t average_bytes = 0;    // of its documents; 0 = none was read yet
  Portion documents_at_once;     // by one read
  std::deque<RangeLeft> waiting;
  std::vector<std::unique_ptr<RangeCopy>> active;

  // Of the schema change that its step needs.
  bool changing = false;
  BatchId change;
  WriterId writer;
  uint32_t attempt = 1;
  Instant change_at;

  bool all_copied() const { return waiting.empty() && active.empty(); }
  uint64_t documents_copied() const {
    uint64_t copied = documents_done;
    for (const auto& range : active) copied += range->documents_read() - range->ledger().waiting();
    return copied;
  }
};

}  // namespace ddsync
