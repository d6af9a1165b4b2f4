// What follows from the target's answers to writes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "engine/planted_bug.h"
#include "engine/writers.h"

namespace ddsync {
namespace {

// When more than one insert in so many finds its document there already, the next ones go as upserts.
constexpr size_t kDuplicatesOneIn = 10;
constexpr size_t kDuplicatesMin = 3;
constexpr uint64_t kUpsertsInARow = 20'000;

// Throttling, and answers that do not come in time: multiplicative decrease, additive increase.
constexpr double kThrottledFactor = 0.5;
constexpr double kRecoveryOneIn = 8;
constexpr double kRecoveryStep_max = 25;
constexpr double kOperationsLeast = 8;
// Sizes whose answer takes more than a part of what was too long are large enough. For a while: how long that
// was may have had another reason.
constexpr int64_t kOfTooLongOneIn = 4;
constexpr Duration kTooLongForgotten = Duration::seconds(600);

constexpr Duration kRetriedToldEvery = Duration::seconds(60);

// Neighbours in a batch that were inserted into one collection.
struct InsertedRun {
  NamespaceQueue* ns = nullptr;
  size_t operations = 0;
  size_t duplicates = 0;

  void end() const {
    if (ns != nullptr && duplicates >= kDuplicatesMin && duplicates * kDuplicatesOneIn > operations)
      ns->upserts_left = kUpsertsInARow;
  }
};

// The target does not know the command (before MongoDB 7.0: 59), or not all of it (7.0: 40415), or does not
// take it; or it refuses one of the collections (13), and does not say which.
bool refuses_several_parts(const Error& error) {
  constexpr std::array codes = {13, 59, 115, 8000, 40415};
  return std::ranges::find(codes, error.code) != codes.end();
}

bool has_many_parts(const std::vector<KeyEntry*>& entries) {
  return std::ranges::adjacent_find(entries, [](const KeyEntry* a, const KeyEntry* b) {
           return !same_part(*a, *b);
         }) != entries.end();
}

// Names that begin with `$` may stand in a document that is inserted (MongoDB 5.0 and later), not in one that
// takes another one's place: it is removed and inserted.
bool is_refused_as_replacement(const KeyEntry& entry, const Error& error) {
  constexpr int kDollarPrefixedFieldName = 52;
  return error.code == kDollarPrefixedFieldName && entry.flight.kind_to_send() == WriteKind::replace;
}

// For people.
std::string written_to(const std::vector<KeyEntry*>& entries) {
  std::string first = entries.front()->ns->ns.name();
  return has_many_parts(entries) ? first + " and others" : first;
}

Error outcome_unknown(std::string what) {
  Error error;
  error.code = kErrorProtocol;
  error.message = std::move(what);
  error.treatment = Treatment::retry;
  error.outcome_unknown = true;
  return error;
}

}  // namespace

void Writers::on_finished(input::WriteFinished&& finished) {
  const uint32_t index = finished.writer.value;
  Writer& writer = writers_[index];
  if (writer.state != State::busy || writer.batch_id != finished.id) return;
  busy_ -= 1;
  WriteOutcome& outcome = finished.outcome;
  const auto& errors = outcome.operation_errors;
  if (!outcome.failed && !errors.empty() && errors.back().index >= writer.entries.size()) {
    outcome.failed = true;
    outcome.error = outcome_unknown("the target reported an error for an operation that was not sent");
  }
  if (outcome.failed) {
    on_command_failed(index, outcome.error);
    return;
  }
  const Error* pause_for = settle(std::exchange(writer.entries, {}), errors);
  if (pause_for != nullptr) {
    wait(index, *pause_for);
    return;
  }
  last_error_.clear();
  writer.unknown = writer.unknown && !writer.rest.empty();
  if (shared_.now - slowed_at_ >= kTooLongForgotten) too_long_ = {};
  if (too_long_ == Duration{} || kOfTooLongOneIn * took(writer).us <= too_long_.us) ask_for_more(writer);
  send_rest(index);
}

const Error* Writers::settle(const std::vector<KeyEntry*>& entries,
                             const std::vector<OperationError>& errors) {
  const Error* pause_for = nullptr;
  std::vector<NamespaceQueue*> not_taken;
  answers_ += 1;
  InsertedRun run;
  auto error = errors.begin();
  for (uint32_t i = 0; i < entries.size(); ++i) {
    KeyEntry& entry = *entries[i];
    NamespaceQueue* inserted_into = entry.flight.kind_to_send() == WriteKind::insert ? entry.ns : nullptr;
    if (inserted_into != run.ns) {
      run.end();
      run = {.ns = inserted_into};
    }
    run.operations += 1;
    if (error != errors.end() && error->index == i) {
      if (error->error.treatment == Treatment::duplicate_id) run.duplicates += 1;
      NamespaceQueue* ns = entry.ns;
      if (settle_refused(entry, error->error)) {
        pause_for = &error->error;
        if (not_taken.empty() || not_taken.back() != ns) not_taken.push_back(ns);
      }
      ++error;
      continue;
    }
    entry.ns->done_by = answers_;
    taken_at_ = shared_.now;
    entry.ns->not_taken = 0;
    const EventRef done = pending_.acknowledged(entry);
    if (!done.none()) acknowledger_.acknowledge_chain(done, Done::applied);
  }
  run.end();
  if (pause_for != nullptr) hold(not_taken, *pause_for);
  return pause_for;
}

// Any writer would take the operations up at once.
void Writers::hold(std::vector<NamespaceQueue*>& not_taken, const Error& error) {
  for (NamespaceQueue* ns : not_taken) {
    if (ns->done_by == answers_) continue;
    ns->not_taken += 1;
    const Duration pause =
        std::max(shared_.backoff(ns->not_taken), Duration::milliseconds(error.retry_after_ms));
    ns->not_before = shared_.now + pause;
    if (std::ranges::find(held_, ns) == held_.end()) held_.push_back(ns);
  }
}

void Writers::on_command_failed(uint32_t index, const Error& error) {
  Writer& writer = writers_[index];
  shared_.counters.errors += 1;
  last_error_ = describe(error);
  writer.unknown = writer.unknown || error.outcome_unknown;
  if (error.outcome_unknown && may_land_late(writer.entries) &&
      !planted(PlantedBug::unknown_outcome_forgotten)) {
    for (const KeyEntry* entry : writer.entries) suspects_.add(*entry->ns, entry->flight.id);
  }
  if (has_many_parts(writer.entries) && refuses_several_parts(error)) {
    take_one_part_each(error);
    keep_first_part(writer);
    send(index);
    return;
  }
  switch (error.treatment) {
    case Treatment::fatal:
      writer.state = State::waiting;
      writer.resume_at = shared_.now;
      retrying_ += 1;
      shared_.end(
          output::StopReason::access_denied,
          fmt::format("the target refuses writes to {}: {}", written_to(writer.entries), describe(error)));
      return;
    case Treatment::split:
    case Treatment::permanent:
    case Treatment::duplicate_id:
    case Treatment::duplicate_other:
      split(index, error);
      return;
    case Treatment::throttled:
      slow_down();
      break;
    default:
      break;
  }
  if (writer.failing_since == Instant{}) writer.failing_since = shared_.now;
  if (writer.alone) {
    tell_retried(writer.entries.front()->ns->ns, error);
  } else if (failed_at_ = shared_.now; Shared::is_said(writer.attempt)) {
    shared_.notice(output::Level::warning,
                   fmt::format("a write to {} failed (try {}): {}; it is tried again until it succeeds",
                               written_to(writer.entries), writer.attempt, describe(error)));
  }
  keep_first_part(writer);
  const bool too_much = was_too_much(error, took(writer));
  if (may_be_the_document(writer, error) && (writer.entries.size() == 1 || !too_much)) {
    isolate(index, error);
    return;
  }
  if (too_much) {
    ask_for_less(writer);
    halve(writer);
  }
  wait(index, error);
}

void Writers::ask_for_less(const Writer& writer) {
  if (writer.sent_at < slowed_at_) return;  // sent before the last time: it tells nothing new
  slowed_at_ = shared_.now;
  too_long_ = took(writer);
  slow_down();
  if (writer.lists > 1) lists_together_.too_much(writer.lists);
}

void Writers::ask_for_more(const Writer& writer) {
  speed_up();
  lists_together_.answered(writer.lists, shared_.options.batch_operations_max);
}

void Writers::halve(Writer& writer) {
  auto& entries = writer.entries;
  const auto middle = entries.begin() + static_cast<std::ptrdiff_t>((entries.size() + 1) / 2);
  writer.rest.insert(writer.rest.begin(), middle, entries.end());
  entries.erase(middle, entries.end());
}

// The others are tried again without it: a collection that stands still must not hold them up.
void Writers::keep_first_part(Writer& writer) {
  auto& entries = writer.entries;
  const auto end = std::ranges::find_if(
      entries, [&](const KeyEntry* entry) { return !same_part(*entries.front(), *entry); });
  for (auto at = end; at != entries.end(); ++at) pending_.send_again(**at, (*at)->flight.kind);
  entries.erase(end, entries.end());
}

// The whole command was refused because of one document: halve until it stands alone.
void Writers::split(uint32_t index, const Error& error) {
  Writer& writer = writers_[index];
  auto& entries = writer.entries;
  if (entries.size() > 1) {
    halve(writer);
    send(index);
    return;
  }
  KeyEntry& entry = *entries.front();
  entries.clear();
  Error alone = error;
  if (alone.treatment == Treatment::split) alone.treatment = Treatment::permanent;
  if (settle_refused(entry, alone)) {
    wait(index, alone);
  } else {
    send_rest(index);
  }
}

bool Writers::settle_refused(KeyEntry& entry, const Error& error) {
  const WriteKind kind = entry.flight.kind;
  // It is sent again by any writer, whose session refuses nothing of this one's.
  if (error.outcome_unknown) suspects_.add(*entry.ns, entry.flight.id);
  switch (error.treatment) {
    case Treatment::duplicate_id:  // an upsert can meet it too, when two of them race
      pending_.send_again(entry, WriteKind::replace);
      return kind != WriteKind::insert;
    case Treatment::duplicate_other:
      refusals_.remember(entry, error);
      pending_.set_aside(entry);
      return false;
    case Treatment::missing:
      if (entry.flight.kind_to_send() == WriteKind::remove) {
        const EventRef done = pending_.acknowledged(entry);
        if (!done.none()) acknowledger_.acknowledge_chain(done, Done::applied);
        return false;
      }
      break;
    case Treatment::split:
    case Treatment::permanent:
      if (is_refused_as_replacement(entry, error)) {
        entry.flight.remove_first = true;
        pending_.send_again(entry, kind);
        return false;
      }
      shared_.counters.errors += 1;
      last_error_ = describe(error);
      refusals_.refuse(entry, error);
      return false;
    case Treatment::fatal:
      last_error_ = describe(error);
      pending_.send_again(entry, kind);
      shared_.end(output::StopReason::access_denied,
                  fmt::format("the target refuses writes to {}: {}", entry.ns->ns.name(), describe(error)));
      return false;
    case Treatment::throttled:
      slow_down();
      break;
    default:
      break;
  }
  shared_.counters.errors += 1;
  shared_.counters.write_retries += 1;
  last_error_ = describe(error);
  tell_retried(entry.ns->ns, error);
  pending_.send_again(entry, kind);
  return true;
}

// A target that throttles says so of single operations all the time.
void Writers::tell_retried(const Namespace& ns, const Error& error) {
  Instant& next = tell_retried_at_[error.code];
  if (shared_.now < next) return;
  next = shared_.now + kRetriedToldEvery;
  shared_.notice(output::Level::warning,
                 fmt::format("some writes to {} were not taken: {}; they are tried again until they succeed",
                             ns.name(), last_error_));
}

bool Writers::may_land_late(const std::vector<KeyEntry*>& entries) const {
  return !shared_.limits.refuses_late_writes || has_many_parts(entries);
}

void Writers::take_one_part_each(const Error& error) {
  if (one_part_each_) return;
  one_part_each_ = true;
  shared_.notice(
      output::Level::warning,
      fmt::format("the target refuses a bulkWrite: {}; each collection is written with a command of its own "
                  "from now on",
                  describe(error)));
}

void Writers::speed_up() {
  operations_max_ += std::min(operations_max_ / kRecoveryOneIn, kRecoveryStep_max);
  operations_max_ = std::min<double>(operations_max_, shared_.options.batch_operations_max);
}

void Writers::slow_down() {
  operations_max_ = std::max(kOperationsLeast, operations_max_ * kThrottledFactor);
}

}  // namespace ddsync
