// The pending operations of one namespace, by the command that carries them.
#pragma once

#include <array>
#include <cstdint>

#include "engine/ids.h"
#include "engine/namespace.h"
#include "engine/operation.h"

namespace ddsync {

// Operations that one command can carry: same namespace, same kind.
struct ReadyList {
  EntryList entries;
  NamespaceQueue* ns = nullptr;
  WriteKind kind = WriteKind::insert;
  ReadyList* previous = nullptr;  // neighbours among the lists that have something for a writer
  ReadyList* next = nullptr;
};

struct NamespaceQueue {
  Namespace ns;
  bool in_scope = false;
  uint32_t salt = 0;    // spreads equal ids of different namespaces in the key table
  uint32_t stream = 0;  // index of the stream that delivers it (scopes do not overlap)
  std::array<ReadyList, 3> ready;
  EntryList set_aside;  // duplicates on secondary unique indexes, in the order they were met
  uint64_t in_flight = 0;
  // Answers in a row that left operations to be tried again and none done: nothing is sent before.
  uint32_t not_taken = 0;
  Instant not_before;
  uint64_t done_by = 0;  // number of the last answer with an operation that was done
  // Inserts that are sent as upserts, because most of the last ones were there already (a replay).
  uint64_t upserts_left = 0;
  // Rises with whatever may free a unique value: an operation added or acknowledged, a suspect that is proven
  // (one late write may have undone another).
  uint64_t changes = 0;
  uint64_t set_aside_tried_at = 0;  // `changes` when the set-aside operations were last tried
  uint64_t changes_seen = 0;        // by SetAside
  Instant changed_at;               // when it saw `changes` rise
  Instant aside_since;       // since when something is set aside or tried again; a ring is opened no earlier
  bool ring_opened = false;  // they were removed first, to open a ring of unique values, with no success yet

  bool drained() const {
    return in_flight == 0 && ready[0].entries.empty() && ready[1].entries.empty() && ready[2].entries.empty();
  }
};

}  // namespace ddsync
