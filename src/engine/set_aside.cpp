#include "engine/set_aside.h"

namespace ddsync {
namespace {

constexpr uint64_t kChangesWorthARetry = 2'000;  // under a load that never drains
// On a stream that is busy with other collections.
constexpr Duration kNamespaceQuiet = Duration::seconds(10);
// In a collection that is busy itself: what is set aside for so long is not freed by what the stream brings.
constexpr Duration kRingPatience = Duration::seconds(10);

}  // namespace

bool SetAside::pump() {
  if (pending_.set_aside_count() == 0 && concerned_ == 0) return false;
  bool moved = false;
  for (NamespaceQueue& ns : pending_.queues()) {
    if (shared_.ending) return false;
    note_age(ns);
    if (!ns.set_aside.empty() && pump(ns)) moved = true;
  }
  return moved;
}

void SetAside::note_age(NamespaceQueue& ns) {
  const bool concerned = ns.aside_since != Instant{};
  if (!concerned && !ns.set_aside.empty()) {
    ns.aside_since = shared_.now;
    concerned_ += 1;
  } else if (concerned && ns.set_aside.empty() && ns.drained()) {
    ns.aside_since = {};
    concerned_ -= 1;
  }
}

// A ring of values that waits for ever in a collection that is never quiet.
bool SetAside::ring_is_old(const NamespaceQueue& ns, const Stream& stream) const {
  return ns.set_aside.size() > 1 && stream.keeps_up(shared_.now) &&
         shared_.now - ns.aside_since >= kRingPatience;
}

// The stream goes on with other collections and has passed all that could free a value of this one.
bool SetAside::passed_by(NamespaceQueue& ns, const Stream& stream) const {
  if (ns.changes != ns.changes_seen) {
    ns.changes_seen = ns.changes;
    ns.changed_at = shared_.now;
  }
  return stream.keeps_up(shared_.now) && shared_.now - ns.changed_at >= kNamespaceQuiet;
}

bool SetAside::pump(NamespaceQueue& ns) {
  const Stream& stream = streams_.at(ns.stream);
  if (ns.drained() && ring_is_old(ns, stream)) {
    ns.aside_since = shared_.now;
    pending_.open_ring(ns);
    return true;
  }
  const uint64_t changes = ns.changes - ns.set_aside_tried_at;
  if (changes > 0 && (ns.drained() || changes >= kChangesWorthARetry)) {
    pending_.retry_set_aside(ns);
    return true;
  }
  const bool passed = passed_by(ns, stream);
  if (!ns.drained() || !(stream.quiet() || passed)) return false;
  if (ns.set_aside.size() > 1 && !ns.ring_opened && !stream.copying) {
    pending_.open_ring(ns);
  } else if (stream.at_barrier() || stream.copying || stream.full || stream.is_gap()) {
    hand_over(ns, stream);
  } else if (suspects_.any_to_compare(ns) || (!passed && !stream.surely_at_end())) {
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
