#include "engine/barriers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/live_change.h"
#include "engine/planted_bug.h"

namespace ddsync {
namespace {

using Phase = Barrier::Phase;

// The other stream is taken to have no event of a rename when it has brought nothing for this long, and so
// many empty batches since (some servers answer empty although there is more); or when it is busy and keeps
// up.
constexpr Duration kPartnerIdle = Duration::seconds(5);
constexpr uint64_t kPartnerIdleBatches = 2;

bool same_rename(const Barrier& a, const Barrier& b) {
  return a.change.kind == SchemaChangeKind::rename && b.change.kind == SchemaChangeKind::rename &&
         a.change.ns == b.change.ns && a.change.to == b.change.to;
}

}  // namespace

Barriers::Barriers(Shared& shared, Streams& streams, Checkpoints& checkpoints, Acknowledger& acknowledger,
                   Writers& writers, Refusals& refusals, Suspects& suspects, Lookups& lookups, Copies& copies)
    : shared_(shared),
      streams_(streams),
      checkpoints_(checkpoints),
      acknowledger_(acknowledger),
      writers_(writers),
      refusals_(refusals),
      suspects_(suspects),
      lookups_(lookups),
      copies_(copies) {}

bool Barriers::begin(Stream& stream, EventRef ref, const Event& event) {
  Barrier barrier;
  barrier.event = ref;
  if (stream.barrier || !plan(stream, event, barrier)) {
    acknowledger_.acknowledge(ref, Done::skipped);
    return false;
  }
  settle_lookups(barrier.change);
  if (barrier.at_once) barrier.phase = Phase::ready;
  stream.barrier = std::move(barrier);
  stream.state = StreamState::barrier;
  active_ += 1;
  return true;
}

void Barriers::pump() {
  // One that moves may be what another, already looked at, waits for.
  bool moved = true;
  while (moved && active_ > 0 && !shared_.ending) {
    moved = false;
    for (Stream& stream : streams_.all()) {
      if (!stream.barrier) continue;
      const Phase before = stream.barrier->phase;
      advance(stream);
      moved = moved || !stream.barrier || stream.barrier->phase != before;
    }
  }
}

// Only the barrier's own event is left, and no repair is under way.
bool Barriers::drained(const Stream& stream) const {
  return stream.ledger.waiting() == 1 && suspects_.repairs().all_acknowledged() &&
         !copies_.building(stream.barrier->change);
}

// What the stream tells happened while its collections were copied, or soon after.
bool Barriers::in_copy_window(const Stream& stream) const {
  return stream.copy == StreamCopy::catching_up && !planted(PlantedBug::rename_in_copy_window);
}

// The copy may have met the collection under its old name, its new one, or in part under each: a rename on
// the target would carry on, or replace, what is not the whole. So what lies under the old name is dropped.
SchemaChange Barriers::order_of(const Stream& stream, Barrier& barrier) const {
  SchemaChange order = barrier.change;
  const bool partner_too = barrier.partner && in_copy_window(streams_.at(*barrier.partner));
  if (order.kind != SchemaChangeKind::rename || !(in_copy_window(stream) || partner_too)) return order;
  barrier.copy_anew = order.to;
  order.kind = SchemaChangeKind::drop;
  return order;
}

void Barriers::advance(Stream& stream) {
  Barrier& barrier = *stream.barrier;
  if (planted(PlantedBug::rename_without_barrier) && barrier.change.kind == SchemaChangeKind::rename &&
      barrier.phase == Phase::draining) {
    barrier.phase = Phase::ready;
  }
  if (barrier.phase == Phase::draining && drained(stream)) {
    barrier.generation = checkpoints_.request();
    barrier.phase = Phase::securing;
  }
  if (barrier.phase == Phase::securing && checkpoints_.durable(barrier.generation)) {
    barrier.phase = Phase::ready;
    barrier.ready_since = shared_.now;
    if (barrier.partner) barrier.partner_empty_batches = streams_.at(*barrier.partner).empty_batches;
  }
  if (barrier.phase == Phase::ready && shared_.now >= barrier.resume_at) run(stream);
  if (barrier.phase == Phase::copying) wait_for_copy(stream);
  if (barrier.phase == Phase::refused && stream.ledger.all_acknowledged()) settle(stream);
  if (barrier.phase == Phase::releasing && checkpoints_.durable(barrier.generation)) {
    if (barrier.partner_frozen) streams_.at(*barrier.partner).frozen -= 1;
    release(stream);
  }
}

void Barriers::release(Stream& stream) {
  stream.barrier.reset();
  active_ -= 1;
}

// Each of two streams stands at a rename that the other one is not told of: their order is not known, and
// one has to go first.
bool Barriers::crossed(const Stream& stream, const Stream& partner) const {
  const Barrier& other = *partner.barrier;
  return other.phase == Phase::ready && other.partner == stream.index && stream.index < partner.index;
}

// The other stream of a rename is at its own event of it, or has none to come.
bool Barriers::partner_stands_still(Stream& stream) {
  const Barrier& barrier = *stream.barrier;
  Stream& partner = streams_.at(*barrier.partner);
  if (partner.barrier) {  // also one that met it before its gap
    return same_rename(*partner.barrier, barrier) ? partner.barrier->phase == Phase::ready
                                                  : crossed(stream, partner);
  }
  if (partner.frozen > 0) return false;  // for a rename of a third stream to the same name
  if (partner.is_gap()) return partner.ledger.all_acknowledged();
  if (!partner.ledger.all_acknowledged()) return false;
  const bool idle = partner.last_batch_empty && shared_.now - partner.last_event >= kPartnerIdle &&
                    partner.empty_batches >= barrier.partner_empty_batches + kPartnerIdleBatches;
  // A busy one has passed the rename and was not told of it.
  const bool passed = partner.keeps_up(shared_.now) && shared_.now - barrier.ready_since >= kKeepsUp;
  return idle || passed;
}

void Barriers::run(Stream& stream) {
  Barrier& barrier = *stream.barrier;
  if (barrier.partner && !barrier.partner_frozen && !partner_stands_still(stream)) return;
  if (!barrier.at_once && !suspects_.repairs().all_acknowledged()) return;  // of the partner's collections
  if (copies_.building(barrier.change)) return;
  if (barrier.waits_for_partner) {
    run_without_partner(stream);
    return;
  }
  const std::optional<WriterId> writer = writers_.borrow();
  if (!writer) return;
  if (barrier.partner && !barrier.partner_frozen) {
    Stream& partner = streams_.at(*barrier.partner);
    partner.frozen += 1;
    barrier.partner_frozen = true;
    // It may have brought changes of after the rename already, and they are replaced now.
    if (!partner.barrier || !same_rename(*partner.barrier, barrier))
      suspects_.add_namespace(barrier.change.to);
  }
  barrier.phase = Phase::running;
  barrier.change.writer = *writer;
  barrier.change.id = writers_.next_batch_id();
  running_ += 1;
  shared_.emit(order_of(stream, barrier));
}

void Barriers::wait_for_copy(Stream& stream) {
  const Namespace ns = *stream.barrier->copy_anew;
  const Stream* of_copy = streams_.find(ns.database, ns.collection);
  const bool in_gap = of_copy != nullptr && of_copy->is_gap();
  if (in_gap) suspects_.add_namespace(ns);  // whoever ends the gap copies it
  if (!in_gap && !copies_.copied_alone(ns)) return;
  if (!in_gap) copies_.copied_in(ns);
  suspects_.dropped(ns);  // the copy took the place of what was there
  done(stream);
}

// The stream of the old name runs the rename when it stands at it too; when it is idle it has run it before.
// Not so where it began behind the rename, which is told of by a copy alone.
void Barriers::run_without_partner(Stream& stream) {
  const Stream& partner = streams_.at(*stream.barrier->partner);
  if (partner.barrier && same_rename(*partner.barrier, *stream.barrier)) return;
  if (in_copy_window(stream) || in_copy_window(partner)) {
    copy_anew(stream, stream.barrier->change.to);
    return;
  }
  // What it was to bring is lost, or it is at another rename and will not come to this one.
  if (partner.is_gap() || partner.barrier) suspects_.add_namespace(stream.barrier->change.to);
  done(stream);
}

void Barriers::copy_anew(Stream& stream, const Namespace& ns) {
  stream.barrier->copy_anew = ns;
  stream.barrier->phase = Phase::copying;
  const Stream* of_copy = streams_.find(ns.database, ns.collection);
  copies_.copy_alone((of_copy == nullptr ? stream : *of_copy).index, ns);
  shared_.notice(output::Level::info,
                 fmt::format("{} was renamed while it was copied: it is copied anew", ns.name()));
}

void Barriers::on_changed(input::SchemaChanged&& changed) {
  const auto waits_for_it = [&](const Stream& stream) {
    return stream.barrier && stream.barrier->phase == Phase::running &&
           stream.barrier->change.id == changed.id;
  };
  auto& all = streams_.all();
  const auto at = std::find_if(all.begin(), all.end(), waits_for_it);
  if (at == all.end()) return;
  Stream& stream = *at;
  Barrier& barrier = *stream.barrier;
  writers_.release(changed.writer);
  running_ -= 1;
  if (!changed.error) {
    tell_done(barrier.change);
    if (changes_documents(barrier.change.kind)) {
      suspects_.dropped(barrier.change.ns);
      copies_.gone(barrier.change);
    }
    if (barrier.copy_anew) {
      note_late_copies(stream);
      copy_anew(stream, Namespace(*barrier.copy_anew));
      return;
    }
    if (barrier.change.kind == SchemaChangeKind::rename) {
      suspects_.renamed(barrier.change.ns, barrier.change.to);
      copies_.renamed(barrier.change);
    }
    if (barrier.incomplete) suspects_.add_namespace(barrier.change.ns);
    note_late_copies(stream);
    done(stream);
    return;
  }
  if (barrier.change.kind == SchemaChangeKind::rename && changed.error->treatment == Treatment::missing) {
    // Renamed before a crash, or it was empty at the source and never came to be here: then what it replaced
    // is still there.
    shared_.notice(output::Level::warning,
                   fmt::format("{}: there is no such collection on the target", describe(barrier.change)));
    suspects_.add_namespace(barrier.change.to);
    suspects_.renamed(barrier.change.ns, barrier.change.to);
    copies_.renamed(barrier.change);
    done(stream);
    return;
  }
  on_failed(stream, *changed.error);
}

// A document that a killed process copied may land in what is gone now: no event and no copy names it any
// more. (The collections of a dropped database are told of one by one before.)
void Barriers::note_late_copies(const Stream& stream) {
  const SchemaChange& change = stream.barrier->change;
  if (shared_.now >= stream.copied_late_until) return;
  if (change.kind == SchemaChangeKind::drop || change.kind == SchemaChangeKind::rename)
    suspects_.add_namespace(change.ns);
  if (change.kind == SchemaChangeKind::rename) suspects_.add_namespace(change.to);
}

// Collections are made by every first insert: at many of them the log would say nothing else.
void Barriers::tell_done(const SchemaChange& change) {
  const bool plain = change.kind == SchemaChangeKind::create && is_plain(change);
  shared_.notice(plain ? output::Level::debug : output::Level::info,
                 fmt::format("done on the target: {}", describe(change)));
}

void Barriers::on_failed(Stream& stream, const Error& error) {
  Barrier& barrier = *stream.barrier;
  shared_.counters.errors += 1;
  // A drop or rename of unknown outcome could come late, too, and there is no key to compare.
  if (error.outcome_unknown && changes_documents(barrier.change.kind))
    suspects_.add_namespace(barrier.change.ns);
  barrier.phase = Phase::ready;
  if (error.treatment == Treatment::fatal) {
    shared_.end(output::StopReason::access_denied,
                fmt::format("the target refuses: {}: {}", describe(barrier.change), describe(error)));
  } else if (error.treatment == Treatment::permanent || error.treatment == Treatment::split) {
    refuse(stream, error);
  } else {
    barrier.resume_at = shared_.now + shared_.backoff(barrier.change.attempt);
    if (barrier.change.attempt == 1) {
      shared_.notice(output::Level::warning, fmt::format("{} failed: {}; it is tried again until it succeeds",
                                                         describe(barrier.change), describe(error)));
    }
    barrier.change.attempt += 1;
  }
}

void Barriers::refuse(Stream& stream, const Error& error) {
  const SchemaChange& change = stream.barrier->change;
  stream.barrier->phase = Phase::refused;
  if (shared_.options.on_error == OnError::quarantine) {  // both sides stay different
    suspects_.add_namespace(change.ns);
    if (change.kind == SchemaChangeKind::rename) suspects_.add_namespace(change.to);
  }
  refusals_.refuse_event(stream.barrier->change.ns, stream.barrier->event, error);
  if (stream.barrier->at_once && !shared_.ending) release(stream);
}

void Barriers::done(Stream& stream) {
  Barrier& barrier = *stream.barrier;
  acknowledger_.acknowledge(barrier.event, Done::applied);
  forget_changed(shared_.options.resume_from.source, barrier.change);
  if (barrier.at_once) {
    release(stream);
    return;
  }
  settle(stream);
  if (!barrier.partner) return;
  Stream& partner = streams_.at(*barrier.partner);
  if (partner.barrier && same_rename(*partner.barrier, barrier) && partner.barrier->phase == Phase::ready) {
    acknowledger_.acknowledge(partner.barrier->event, Done::applied);
    settle(partner);
  }
}

void Barriers::settle(Stream& stream) {
  stream.barrier->phase = Phase::releasing;
  stream.barrier->generation = checkpoints_.request();
}

Instant Barriers::next_wake() const {
  if (active_ == 0) return {};
  Instant next;
  for (const Stream& stream : streams_.all()) {
    if (!stream.barrier || stream.barrier->phase != Phase::ready || stream.barrier->resume_at <= shared_.now)
      continue;
    next = sooner(next, stream.barrier->resume_at);
  }
  return next;
}

}  // namespace ddsync
