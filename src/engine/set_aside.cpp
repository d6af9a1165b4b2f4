#include "engine/set_aside.h"

namespace ddsync {
namespace {

constexpr uint64_t kChangesWorthARetry = 2'000;  // under a load that never drains
// Some servers answer empty although there is more (Azure DocumentDB, SERVERS section 4).
constexpr Duration kQuietBeforeRefusal = Duration::seconds(5);

}  // namespace

bool SetAside::pump() {
  if (pending_.set_aside_count() == 0) return false;
  bool moved = false;
  for (NamespaceQueue& ns : pending_.queues()) {
    if (shared_.ending) return false;
    if (!ns.set_aside.empty() && pump(ns)) moved = true;
  }
  return moved;
}

bool SetAside::pump(NamespaceQueue& ns) {
  const uint64_t changes = ns.changes - ns.set_aside_tried_at;
  if (changes > 0 && (ns.drained() || changes >= kChangesWorthARetry)) {
    pending_.retry_set_aside(ns);
    return true;
  }
  const Stream& stream = streams_.at(ns.stream);
  if (!ns.drained() || !stream.quiet()) return false;
  if (ns.set_aside.size() > 1 && !ns.ring_opened) {
    pending_.open_ring(ns);
  } else if (stream.barrier || stream.full || stream.is_gap()) {
    hand_over(ns, stream);
  } else if (suspects_.any_to_compare(ns) || shared_.now - stream.last_event < kQuietBeforeRefusal) {
    return false;  // a document that a late write brought back may hold the value
  } else {
    refuse(ns);
  }
  return true;
}

void SetAside::hand_over(NamespaceQueue& ns, const Stream& stream) {
  const bool renamed = stream.barrier && stream.barrier->change.kind == SchemaChangeKind::rename &&
                       stream.barrier->change.ns == ns.ns;
  while (!ns.set_aside.empty()) {
    KeyEntry& entry = pending_.take_refused(ns);
    refusals_.forget(entry);
    suspects_.add(ns, entry.flight.id, Suspects::Cause::not_told);
    if (renamed) {
      const Namespace& to = stream.barrier->change.to;
      suspects_.add(pending_.queue(to.database, to.collection), entry.flight.id, Suspects::Cause::not_told);
    }
    entry.flight.remove_first = false;  // there is no second half any more
    const EventRef events = pending_.acknowledged(entry);
    acknowledger_.acknowledge_chain(events, Done::skipped);
  }
}

void SetAside::refuse(NamespaceQueue& ns) {
  while (!ns.set_aside.empty() && !shared_.ending) {
    KeyEntry& entry = pending_.take_refused(ns);
    refusals_.refuse(entry, refusals_.remembered(entry));
  }
}

}  // namespace ddsync
