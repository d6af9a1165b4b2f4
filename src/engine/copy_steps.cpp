// The steps of a collection in Copies: made on the target, copied, indexes built.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/copies.h"

namespace ddsync {
namespace {

// Also a value that two documents hold for a moment: a looked-up document may be newer than what the stream
// has told of the other one.
bool may_pass(const Error& error) {
  constexpr int duplicate_key = 11000;
  return error.code == duplicate_key ||
         (error.treatment != Treatment::permanent && error.treatment != Treatment::split);
}

const char* what(const CollectionCopy& collection) {
  return collection.indexes_only ? "building of indexes" : "copy";
}

// A build may take hours and holds a writer: so many of them are left to the documents.
uint32_t builds_max(uint32_t writers) { return std::max(1u, writers - std::max(1u, writers / 4)); }

// Of collections that are not copied.
uint32_t live_builds_max(uint32_t writers) { return std::max(1u, writers / 2); }

// The change that its step needs; the step stays what it is while that is under way.
bool builds_indexes(const CollectionCopy& collection) {
  return collection.step != CollectionCopy::Step::prepare;
}

}  // namespace

void Copies::advance(CollectionCopy& collection) {
  switch (collection.step) {
    case Step::prepare:
      if (checkpoints_.durable(collection.plan_generation) && (collection.alone || all_planned()))
        change_schema(collection, SchemaChangeKind::prepare_copy);
      return;
    case Step::copy:
      finish_ranges(collection);
      if (!collection.all_copied()) return;
      collection.step = Step::indexes;
      checkpoints_.progressed();
      [[fallthrough]];
    case Step::indexes:
      change_schema(collection, SchemaChangeKind::build_indexes);
      return;
    case Step::late_indexes:
      advance_late_indexes(collection);
      return;
  }
}

// What speaks against the copy of any collection is told before one of them is touched.
bool Copies::all_planned() const {
  return std::none_of(plans_.begin(), plans_.end(), [&](const Plan& plan) {
    return plan.only.database.empty() && !streams_.at(plan.stream).is_gap();
  });
}

void Copies::advance_late_indexes(CollectionCopy& collection) {
  const Stream& stream = streams_.at(collection.stream);
  if (collection.is_elsewhere && !stream.has_told(collection.caught_up_since, shared_.now)) return;
  if (!caught_up(stream, std::max(stream.copied_at, collection.caught_up_since))) return;
  if (collection.indexes_only && live_builds_ >= live_builds_max(shared_.options.writers)) return;
  change_schema(collection, SchemaChangeKind::build_late_indexes);
}

void Copies::finish_ranges(CollectionCopy& collection) {
  std::erase_if(collection.active, [&](const std::unique_ptr<RangeCopy>& range) {
    if (!range->complete()) return false;
    collection.documents_done += range->documents_read();
    checkpoints_.progressed();
    return true;
  });
}

void Copies::change_schema(CollectionCopy& collection, SchemaChangeKind kind) {
  if (collection.changing || shared_.now < collection.change_at) return;
  if (builds_indexes(collection) && builds_ >= builds_max(shared_.options.writers)) return;
  const std::optional<WriterId> writer = writers_.borrow();
  if (!writer) return;
  collection.changing = true;
  collection.writer = *writer;
  collection.change = writers_.next_batch_id();
  changes_running_ += 1;
  if (builds_indexes(collection)) builds_ += 1;
  if (collection.indexes_only) live_builds_ += 1;
  SchemaChange change;
  change.writer = *writer;
  change.id = collection.change;
  change.kind = kind;
  change.ns = collection.ns;
  change.replace = collection.alone;
  change.uuid = collection.uuid;
  change.attempt = collection.attempt;
  shared_.emit(std::move(change));
}

bool Copies::on_changed(const input::SchemaChanged& changed) {
  const auto at =
      std::find_if(collections_.begin(), collections_.end(), [&](const CollectionCopy& collection) {
        return collection.changing && collection.change == changed.id;
      });
  if (at == collections_.end()) return false;
  at->changing = false;
  changes_running_ -= 1;
  if (builds_indexes(*at)) builds_ -= 1;
  if (at->indexes_only) live_builds_ -= 1;
  writers_.release(changed.writer);
  if (!changed.other_uuid.empty()) {
    note_elsewhere(*at, changed.other_uuid);
    return true;
  }
  if (!changed.error) {
    step_done(*at);
    return true;
  }
  shared_.counters.errors += 1;
  const Error& error = *changed.error;
  // The drop of what is replaced could come late, and there is no key to compare.
  if (error.outcome_unknown && at->alone && at->step == Step::prepare) suspects_.add_namespace(at->ns);
  if (error.treatment == Treatment::fatal) {
    shared_.end(output::StopReason::access_denied, fmt::format("the target refuses the {} of {}: {}",
                                                               what(*at), at->ns.name(), describe(error)));
  } else if (may_pass(error) || !at->queue->drained()) {  // what is in its way may be about to be removed
    retry_change(*at, error);
  } else if (at->step == Step::prepare) {
    shared_.end(output::StopReason::copy_refused,
                fmt::format("{} cannot be made on the target: {}", at->ns.name(), describe(error)));
  } else {
    indexes_refused_ += 1;
    shared_.notice(output::Level::error,
                   fmt::format("indexes of {} are missing on the target: {}; build them by hand",
                               at->ns.name(), describe(error)));
    step_done(*at);
  }
  return true;
}

// Changes that are still to come say what became of the collection. When all have come it has got another
// UUID (secantusd-py 0.7: by a rename).
void Copies::note_elsewhere(CollectionCopy& collection, const std::string& other_uuid) const {
  if (std::exchange(collection.once_more, false)) return;
  collection.is_elsewhere = true;
  collection.uuid = other_uuid;
  collection.caught_up_since = shared_.now;
}

void Copies::retry_change(CollectionCopy& collection, const Error& error) {
  if (Shared::is_said(collection.attempt)) {
    shared_.notice(output::Level::warning,
                   fmt::format("the {} of {} waits (try {}): {}; it is tried again until it succeeds",
                               what(collection), collection.ns.name(), collection.attempt, describe(error)));
  }
  collection.change_at = shared_.now + shared_.backoff(collection.attempt);
  collection.attempt += 1;
}

void Copies::step_done(CollectionCopy& collection) {
  collection.attempt = 1;
  collection.change_at = {};
  checkpoints_.progressed();
  switch (collection.step) {
    case Step::prepare:
      collection.step = Step::copy;
      return;
    case Step::copy:
    case Step::indexes:
      collection.step = Step::late_indexes;
      collection.alone = false;  // from here on it is as the others
      return;
    case Step::late_indexes:
      if (std::exchange(collection.once_more, false)) return;
      collection.stream = kNoStream;  // done: erased before anything else looks at it
      return;
  }
}

}  // namespace ddsync
