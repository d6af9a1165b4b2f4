#include "engine/acknowledger.h"

#include <algorithm>

namespace ddsync {

void Acknowledger::acknowledge(EventRef event, Done how) {
  if (how == Done::quarantined) shared_.counters.events_quarantined += 1;
  if (event.batch->ledger->holds() != Ledger::Holds::events) {
    const bool copied = event.batch->ledger->holds() == Ledger::Holds::copies;
    if (how != Done::quarantined)
      (copied ? shared_.counters.documents_copied : shared_.counters.documents_repaired) += 1;
    mark(event);
    return;
  }
  shared_.counters.events_applied += 1;
  if (how == Done::skipped) shared_.counters.events_skipped += 1;
  if (how == Done::applied) count(event.batch->slots[event.index].kind);
  mark(event);
}

void Acknowledger::acknowledge_chain(EventRef newest, Done how) {
  EventRef at = newest;
  while (!at.none()) {
    const EventRef covered = at.batch->slots[at.index].covered;  // the slot may be gone after the next line
    acknowledge(at, how);
    if (how == Done::applied && !covered.none()) shared_.counters.events_superseded += 1;
    at = covered;
  }
}

uint64_t Acknowledger::advance() {
  uint64_t passed = 0;
  for (Ledger* ledger : touched_) {
    const uint64_t moved = ledger->advance();
    (ledger->holds() == Ledger::Holds::copies ? copied_ : passed) += moved;
  }
  touched_.clear();
  return passed;
}

void Acknowledger::mark(EventRef event) {
  Ledger* ledger = event.batch->ledger;
  ledger->acknowledge(event);
  touch(*ledger);
}

void Acknowledger::touch(Ledger& ledger) {
  if (!touched_.empty() && touched_.back() == &ledger) return;
  if (std::find(touched_.begin(), touched_.end(), &ledger) == touched_.end()) touched_.push_back(&ledger);
}

// As the original service counts, whose state file this is: it is not told of collections that are created or
// of indexes.
void Acknowledger::count(EventKind kind) {
  if (kind == EventKind::create || kind == EventKind::create_indexes || kind == EventKind::drop_indexes ||
      kind == EventKind::modify) {
    return;
  }
  SyncStats& stats = shared_.stats;
  stats.total_synced += 1;
  if (kind == EventKind::insert) stats.inserts += 1;
  if (kind == EventKind::update || kind == EventKind::replace) stats.updates += 1;
  if (kind == EventKind::remove) stats.deletes += 1;
}

}  // namespace ddsync
