#include "engine/copies.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/planted_bug.h"

namespace ddsync {
namespace {

bool is_copied(const CollectionCopy& collection) {
  return collection.step == CollectionLeft::Step::late_indexes;
}

bool concerns(const SchemaChange& change, const Namespace& ns) {
  if (change.kind == SchemaChangeKind::drop_database) return change.ns.database == ns.database;
  if (change.kind == SchemaChangeKind::create) return false;  // what is there has the indexes
  return change.ns == ns || (change.kind == SchemaChangeKind::rename && change.to == ns);
}

}  // namespace

Copies::Copies(Shared& shared, Streams& streams, PendingOperations& pending, Acknowledger& acknowledger,
               Checkpoints& checkpoints, Suspects& suspects, Writers& writers)
    : shared_(shared),
      streams_(streams),
      pending_(pending),
      acknowledger_(acknowledger),
      checkpoints_(checkpoints),
      suspects_(suspects),
      writers_(writers),
      watched_(shared.options.streams.size()),
      covered_(shared.options.streams.size()),
      readers_(shared.options.copy.readers) {}

CollectionCopy& Copies::add(uint32_t stream, const Namespace& ns) {
  CollectionCopy& collection = collections_.emplace_back();
  collection.stream = stream;
  collection.ns = ns;
  collection.queue = &pending_.queue(ns.database, ns.collection);
  collection.caught_up_since = shared_.now;
  return collection;
}

bool Copies::any_interrupted() const {
  return std::any_of(collections_.begin(), collections_.end(), [](const CollectionCopy& collection) {
    const bool reads_again = std::any_of(collection.active.begin(), collection.active.end(),
                                         [](const auto& range) { return range->resumed(); });
    return reads_again || (collection.interrupted > 0 && !collection.waiting.empty());
  });
}

void Copies::build_indexes(uint32_t stream, const Namespace& ns, std::string uuid) {
  if (!shared_.options.carry_indexes) return;
  checkpoints_.progressed();
  const auto at = std::find_if(collections_.begin(), collections_.end(), [&](const CollectionCopy& other) {
    return other.stream != kNoStream && other.ns == ns;
  });
  if (at == collections_.end()) {
    CollectionCopy& collection = add(stream, ns);
    collection.step = Step::late_indexes;
    collection.indexes_only = true;
    collection.uuid = std::move(uuid);
    return;
  }
  at->caught_up_since = shared_.now;
  at->uuid = std::move(uuid);
  at->is_elsewhere = false;
  at->once_more = at->changing && at->step == Step::late_indexes;
}

void Copies::renamed(const SchemaChange& rename) {
  const Stream* stream = streams_.find(rename.to.database, rename.to.collection);
  if (stream != nullptr) build_indexes(stream->index, rename.to, rename.uuid);
}

void Copies::gone(const SchemaChange& change) {
  const bool whole_database = change.kind == SchemaChangeKind::drop_database;
  std::erase_if(collections_, [&](const CollectionCopy& one) {
    const bool is_gone = whole_database ? one.ns.database == change.ns.database : one.ns == change.ns;
    return is_gone && one.indexes_only && !one.changing;
  });
}

void Copies::copied_in(const Namespace& ns) {
  const Stream* of_copy = streams_.find(ns.database, ns.collection);
  if (of_copy == nullptr) return;
  Stream& stream = streams_.at(of_copy->index);
  stream.copied_at = shared_.now;
  if (stream.copy == StreamCopy::none) stream.copy = StreamCopy::catching_up;
}

void Copies::pump() {
  if (shared_.ending || !any()) {
    release_streams();
    return;
  }
  erase_done();
  if (acknowledger_.take_copied() > 0) checkpoints_.progressed();
  bytes_ = reserved_ = 0;
  for (CollectionCopy& collection : collections_) {
    if (!streams_.at(collection.stream).is_gap()) advance(collection);
    for (const auto& range : collection.active) {
      bytes_ += range->ledger().bytes();
      if (range->asked) reserved_ += shared_.options.copy.batch_bytes_max;
    }
  }
  assign_readers();
  read();
  release_streams();
}

void Copies::ask_for_plans() {
  if (shared_.ending) return;
  for (Plan& plan : plans_) {
    const Stream& stream = streams_.at(plan.stream);
    if (plan.asked || shared_.now < plan.ask_at || !stream.start_durable || stream.is_gap()) continue;
    plan.asked = true;
    shared_.emit(output::PlanCopy{plan.id, {plan.stream}, plan.only, plan.covered});
  }
}

void Copies::on_planned(input::CopyPlanned&& planned) {
  const auto at =
      std::find_if(plans_.begin(), plans_.end(), [&](const Plan& plan) { return plan.id == planned.id; });
  if (at == plans_.end()) return;
  if (!planned.error) {
    take_plan(*at, std::move(planned.collections));
    plans_.erase(at);
    return;
  }
  const Error& error = *planned.error;
  shared_.counters.errors += 1;
  at->asked = false;
  at->attempt += 1;
  at->ask_at = shared_.now + shared_.backoff(at->attempt);
  if (error.treatment == Treatment::fatal) {
    shared_.end(output::StopReason::copy_refused, error.message);
  } else if (Shared::is_said(at->attempt)) {
    shared_.notice(
        output::Level::warning,
        fmt::format("what there is to copy of {} could not be listed (try {}): {}; it is tried again "
                    "until it succeeds",
                    streams_.at(at->stream).scope.name(), at->attempt, describe(error)));
  }
}

void Copies::take_plan(const Plan& plan, std::vector<PlannedCollection>&& collections) {
  const bool alone = !plan.only.database.empty();
  // The collection may be gone again; what the target has of it goes, too.
  if (alone && collections.empty()) collections.push_back({plan.only, {}, {}, 0, {}});
  const uint64_t generation = alone ? 0 : checkpoints_.request();
  uint64_t documents = 0;
  for (PlannedCollection& planned : collections) {
    CollectionCopy& collection = add(plan.stream, planned.ns);
    collection.alone = alone;
    collection.plan_generation = generation;
    collection.documents = planned.documents;
    documents += planned.documents;
    for (CopyRange& range : planned.ranges) collection.waiting.push_back({std::move(range), {}});
  }
  if (alone) return;
  Stream& stream = streams_.at(plan.stream);
  stream.copy = StreamCopy::copying;
  covered_[stream.index] = watched_[stream.index];
  shared_.notice(output::Level::info, fmt::format("copy of {}: collections={} documents={} (estimate)",
                                                  stream.scope.name(), collections.size(), documents));
}

void Copies::erase_done() {
  for (auto at = collections_.begin(); at != collections_.end();) {
    if (at->stream != kNoStream) {
      ++at;
      continue;
    }
    documents_done_ += at->documents_done;
    if (!at->indexes_only) collections_done_ += 1;
    at = collections_.erase(at);
  }
}

// A stream goes on when all of it is copied and that is durable; it is like any other one when what came
// while it was copied is applied.
void Copies::release_streams() {
  for (Stream& stream : streams_.all()) {
    if (stream.copy == StreamCopy::none || stream.copy == StreamCopy::planning || stream.is_gap()) continue;
    if (is_planned(stream)) continue;
    const auto left = [&](const CollectionCopy& collection) {
      return collection.stream == stream.index && !collection.alone && !collection.indexes_only &&
             (stream.copy == StreamCopy::catching_up || !is_copied(collection));
    };
    const auto released = releasing_.find(stream.index);
    if (released != releasing_.end()) {
      if (!checkpoints_.durable(released->second)) continue;
      stream.copying = false;
      stream.copied_at = shared_.now;
      releasing_.erase(released);
      shared_.notice(output::Level::info,
                     fmt::format("{} is copied; the changes made meanwhile follow", stream.scope.name()));
    } else if (std::any_of(collections_.begin(), collections_.end(), left)) {
      continue;
    } else if (stream.copy == StreamCopy::copying) {
      stream.copy = StreamCopy::catching_up;
      releasing_[stream.index] = checkpoints_.request();
    } else if (!stream.copying && at_the_end(stream)) {
      stream.copy = StreamCopy::none;
      checkpoints_.request();
      shared_.notice(output::Level::info,
                     fmt::format("{}: all changes made during the copy are applied", stream.scope.name()));
    }
  }
}

bool Copies::caught_up(const Stream& stream, Instant since) const {
  return !stream.blocked() && stream.spool.drained() && stream.at_head >= since;
}

// Beyond doubt: one short or empty answer does not tell.
bool Copies::at_the_end(const Stream& stream) const {
  return caught_up(stream, stream.copied_at) && (stream.surely_at_end() || stream.keeps_up(shared_.now));
}

bool Copies::finished() const {
  const auto of_gap = [&](uint32_t stream) { return stream != kNoStream && streams_.at(stream).is_gap(); };
  const auto done = [&](const Stream& stream) {
    return stream.is_gap() || (stream.copy == StreamCopy::none && stream.start_durable && at_the_end(stream));
  };
  return std::all_of(plans_.begin(), plans_.end(), [&](const Plan& plan) { return of_gap(plan.stream); }) &&
         std::all_of(collections_.begin(), collections_.end(),
                     [&](const CollectionCopy& collection) { return of_gap(collection.stream); }) &&
         std::all_of(streams_.all().begin(), streams_.all().end(), done);
}

// One that is being read or written stays: its stream tells of no rename before it is copied.
void Copies::copy_alone(uint32_t stream, const Namespace& ns) {
  std::erase_if(collections_, [&](const CollectionCopy& other) {
    return other.ns == ns && !other.changing && other.active.empty();
  });
  add_plan(stream).only = ns;
}

Copies::Plan& Copies::add_plan(uint32_t stream) {
  Plan& plan = plans_.emplace_back();
  plan.stream = stream;
  plan.id = ++last_plan_;
  return plan;
}

// Not of one that is copied alone.
bool Copies::is_planned(const Stream& stream) const {
  return std::any_of(plans_.begin(), plans_.end(), [&](const Plan& plan) {
    return plan.stream == stream.index && plan.only.database.empty();
  });
}

bool Copies::copied_alone(const Namespace& ns) const {
  const bool planned =
      std::any_of(plans_.begin(), plans_.end(), [&](const Plan& plan) { return plan.only == ns; });
  return !planned &&
         std::none_of(collections_.begin(), collections_.end(), [&](const CollectionCopy& collection) {
           return collection.alone && collection.ns == ns;
         });
}

bool Copies::building(const SchemaChange& change) const {
  return std::any_of(collections_.begin(), collections_.end(), [&](const CollectionCopy& collection) {
    return collection.changing && concerns(change, collection.ns);
  });
}

void Copies::fill(Checkpoint& checkpoint) const {
  for (const Stream& stream : streams_.all())
    if (covered_[stream.index]) checkpoint.watched.push_back({stream.scope.name(), covered_[stream.index]});
  for (const CollectionCopy& collection : collections_) {
    if (collection.alone || collection.stream == kNoStream) continue;
    if (collection.indexes_only && planted(PlantedBug::new_indexes_forgotten)) continue;
    CollectionLeft& left = checkpoint.copies.emplace_back();
    left.stream = streams_.at(collection.stream).scope.name();
    left.ns = collection.ns;
    left.step = collection.step;
    left.documents = collection.documents;
    left.documents_done = collection.documents_done;
    left.uuid = collection.uuid;
    for (const auto& range : collection.active) {
      left.documents_done += range->ledger().passed();
      if (!range->complete()) left.ranges.push_back(range->left());
    }
    left.ranges.insert(left.ranges.end(), collection.waiting.begin(), collection.waiting.end());
  }
}

void Copies::fill(EngineStatus& status) const {
  status.copy_collections_left = collections_.size();
  const auto waits_for_indexes = [](const CollectionCopy& collection) {
    return collection.stream != kNoStream && is_copied(collection);
  };
  status.indexes_left =
      static_cast<uint64_t>(std::count_if(collections_.begin(), collections_.end(), waits_for_indexes));
  status.indexes_refused = indexes_refused_;
  if (any_copied() || any_stream_copied()) status.copy = progress();
}

bool Copies::any_copied() const {
  return !plans_.empty() || std::any_of(collections_.begin(), collections_.end(),
                                        [](const CollectionCopy& one) { return !one.indexes_only; });
}

bool Copies::any_stream_copied() const {
  return std::any_of(streams_.all().begin(), streams_.all().end(),
                     [](const Stream& stream) { return stream.copy != StreamCopy::none; });
}

CopyProgress Copies::progress() const {
  CopyProgress progress;
  bool copying = false;
  progress.collections_done = progress.collections_total = collections_done_;
  progress.documents_done = progress.documents_total = documents_done_;
  for (const CollectionCopy& collection : collections_) {
    if (collection.indexes_only) continue;
    progress.collections_total += 1;
    const uint64_t copied = collection.documents_copied();
    progress.documents_done += copied;
    // An estimate may be passed.
    progress.documents_total += is_copied(collection) ? copied : std::max(collection.documents, copied);
    if (is_copied(collection)) {
      progress.collections_done += 1;
      continue;
    }
    copying = copying || all_planned() || collection.step != Step::prepare;
    if (!collection.active.empty())
      progress.current.push_back({collection.ns.name(), copied, collection.documents});
  }
  std::stable_sort(progress.current.begin(), progress.current.end(),
                   [](const auto& a, const auto& b) { return a.documents_total > b.documents_total; });
  progress.bytes_read = bytes_read_;
  progress.errors = shared_.counters.errors;
  progress.phase = !plans_.empty() && !copying ? CopyPhase::checking
                   : copying                   ? CopyPhase::copying
                                               : CopyPhase::catching_up;
  return progress;
}

Instant Copies::next_wake() const {
  Instant next;
  const auto consider = [&](Instant wish) {
    if (wish > shared_.now) next = sooner(next, wish);
  };
  for (const Plan& plan : plans_) consider(plan.ask_at);
  for (const CollectionCopy& collection : collections_) {
    consider(collection.change_at);
    for (const auto& range : collection.active) consider(range->read_again_at);
  }
  if (any()) consider(read_again_at_);
  return next;
}

}  // namespace ddsync
