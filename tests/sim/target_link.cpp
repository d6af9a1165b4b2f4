#include "sim/target_link.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "bson/key.h"
#include "bson/uuid.h"
#include "engine/live_change.h"
#include "sim/violation.h"

namespace ddsync::sim {
namespace {

constexpr Duration kPatience = Duration::seconds(3);  // of the driver, for an answer

WriteOutcome command_failed(int code, const char* message) {
  return failed(make_error(ErrorContext::write_command, code, "", message));
}

bool replaces_documents(const SchemaChange& change) {
  return changes_documents(change.kind) || (change.kind == SchemaChangeKind::prepare_copy && change.replace);
}

// What is written before a change of options need not comply with it.
bool runs_alone(const SchemaChange& change) {
  return replaces_documents(change) || change.kind == SchemaChangeKind::modify;
}

int64_t version_of(DocumentView document) { return find_value(document, "v").as_int64(); }

}  // namespace

TargetLink::TargetLink(Surroundings& around, const Source& source)
    : around_(around),
      source_(source),
      target_(around.profile.workload.unique_index, around.profile.limits.refuses_late_writes,
              around.random.percent(50) ? Target::Refusal::operation : Target::Refusal::command) {}

// A gateway stays there when the server behind it is lost, and has one answer for that and for all that it
// does not know.
WriteOutcome TargetLink::reply_lost() const {
  if (around_.profile.behind_a_gateway) return command_failed(1, "an internal error (simulated)");
  return command_failed(kErrorNetwork, "connection closed (simulated)");
}

Duration TargetLink::latency() {
  if (around_.happens(around_.profile.target.slow)) return around_.random.milliseconds(1'000, 3'000);
  return around_.random.milliseconds(0, 10);
}

void TargetLink::write(const WriteBatch& batch) {
  check(batch);
  auto request = std::make_shared<Request>(batch);
  request->session = around_.life * 1'000 + batch.writer.value;
  request->number = ++last_number_;

  const Duration answer_after = latency();
  const TargetFaults& faults = around_.profile.target;
  if (outages_.now(around_)) {
    finish(batch.writer, batch.id, answer_after, reply_lost());
  } else if (refuse_command(batch, answer_after)) {
    return;
  } else if (takes_too_long(batch)) {
    lose_reply(batch, request, kPatience);
  } else if (around_.happens(faults.reply_lost)) {
    lose_reply(batch, request, answer_after);
  } else {
    execute_and_answer(batch, request, answer_after);
  }
}

bool TargetLink::takes_too_long(const WriteBatch& batch) const {
  const uint32_t in_time = around_.profile.target.operations_in_time;
  return in_time > 0 && batch.operations.size() > in_time;
}

bool TargetLink::refuse_command(const WriteBatch& batch, Duration answer_after) {
  const TargetFaults& faults = around_.profile.target;
  if (batch.operations.size() > around_.profile.limits.operations_max) {  // made before a fail-over
    finish(batch.writer, batch.id, answer_after, command_failed(16, "too many operations (simulated)"));
    return true;
  }
  if (batch.parts.size() > 1 && around_.profile.target.no_bulk_write) {
    finish(batch.writer, batch.id, answer_after, command_failed(59, "no such command (simulated)"));
    return true;
  }
  if (around_.happens(faults.refused_before)) {
    finish(batch.writer, batch.id, answer_after, command_failed(112, "write conflict (simulated)"));
    return true;
  }
  if (around_.happens(faults.throttled)) {
    finish(batch.writer, batch.id, answer_after, command_failed(16500, "busy, RetryAfterMs=20 (simulated)"));
    return true;
  }
  if (around_.happens(faults.access_denied)) {
    denied_access_ = true;
    finish(batch.writer, batch.id, answer_after, command_failed(13, "not authorised (simulated)"));
    return true;
  }
  return false;
}

// Executed as a whole, in part, not at all, or as a whole but later: after its retry and after newer writes.
void TargetLink::lose_reply(const WriteBatch& batch, const std::shared_ptr<Request>& request,
                            Duration answer_after) {
  finish(batch.writer, batch.id, answer_after, reply_lost());
  Random& random = around_.random;
  if (around_.happens(around_.profile.target.lands_late)) {
    // From now: nobody waits for an answer to a process that is killed.
    const int64_t after_answer =
        random.between(0, std::max<int64_t>(0, latest_landing().us - answer_after.us));
    execute_later(request, {answer_after.us + after_answer}, std::nullopt);
    return;
  }
  if (random.percent(30)) return;
  Target::Positions positions;
  if (random.percent(40)) {
    positions.emplace();
    for (uint32_t i = 0; i < request->operations.size(); ++i) {
      if (random.percent(50)) positions->push_back(i);
    }
  }
  execute_later(request, {random.between(0, answer_after.us)}, std::move(positions));
}

void TargetLink::execute_later(const std::shared_ptr<Request>& request, Duration delay,
                               Target::Positions positions) {
  on_their_way_.push_back(request);
  around_.time.after(delay, [this, request, positions = std::move(positions)] {
    if (request->settled) return;
    around_.trace.line(around_.time.now(), "target: a command lands late, number {}", request->number);
    target_.execute(*request, positions);
    settle(request);
  });
}

void TargetLink::execute_and_answer(const WriteBatch& batch, const std::shared_ptr<Request>& request,
                                    Duration answer_after) {
  Random& random = around_.random;
  std::optional<uint32_t> failing;
  Target::Positions positions;
  if (around_.happens(around_.profile.target.operation_fails)) {
    failing = static_cast<uint32_t>(random.below(batch.operations.size()));
    positions.emplace();
    for (uint32_t i = 0; i < batch.operations.size(); ++i) {
      if (i != *failing) positions->push_back(i);
    }
  }
  on_their_way_.push_back(request);
  around_.time.after({random.between(0, answer_after.us)}, [this, request, failing, answer_after,
                                                            of_life = around_.life, writer = batch.writer,
                                                            id = batch.id, positions] {
    if (request->settled) return;
    WriteOutcome outcome = target_.execute(*request, positions);
    settle(request);
    if (failing && !outcome.failed) {
      const int code = fail_one(request, *failing);
      auto& errors = outcome.operation_errors;
      const auto after = std::find_if(errors.begin(), errors.end(),
                                      [&](const OperationError& error) { return error.index > *failing; });
      errors.insert(after, {*failing, make_error(ErrorContext::write_operation, code, "", "simulated")});
    }
    if (of_life == around_.life) finish(writer, id, answer_after, std::move(outcome));
  });
}

// The code of an operation that was not executed. One that is interrupted may be executed later.
int TargetLink::fail_one(const std::shared_ptr<Request>& request, uint32_t failing) {
  constexpr int kInterrupted = 11600;
  const uint64_t choice = around_.random.below(3);
  if (choice > 0) return choice == 1 ? 112 : 16500;
  if (around_.random.percent(50)) {
    auto late = std::make_shared<Request>(*request);
    late->settled = false;
    late->operations = {request->operations[failing]};
    execute_later(late, {around_.random.between(0, latest_landing().us)}, std::nullopt);
  }
  return kInterrupted;
}

void TargetLink::settle(const std::shared_ptr<Request>& request) {
  request->settled = true;
  std::erase(on_their_way_, request);
}

void TargetLink::finish(WriterId writer, BatchId id, Duration delay, WriteOutcome outcome) {
  around_.later(delay, [this, writer, id, outcome = std::move(outcome)] {
    in_flight_.erase(writer.value);
    around_.trace.line(around_.time.now(), "writer {} is answered: {} {}", writer.value,
                       outcome.failed ? describe(outcome.error) : std::string("executed"),
                       outcome.operation_errors.size());
    around_.give(input::WriteFinished{writer, id, outcome});
  });
}

void TargetLink::change_schema(const SchemaChange& change) {
  check_alone(change);
  in_flight_[change.writer.value] = {};
  const TargetFaults& faults = around_.profile.target;
  std::optional<Error> error;
  bool executed = true;
  if (outages_.now(around_) || around_.happens(faults.reply_lost)) {
    error = make_error(ErrorContext::schema, kErrorNetwork, "", "connection closed (simulated)");
    executed = !outages_.now(around_) && around_.random.percent(50);
    if (replaces_documents(change)) may_be_unproven_.insert(change.ns);
  } else if (around_.happens(faults.refused_before)) {
    error = make_error(ErrorContext::schema, 112, "", "simulated");
    executed = false;
  }
  const Duration after = latency();
  // Executed or not, that is settled before anybody can act on the answer: later landings of schema changes
  // are not modelled (docs/simulator.md).
  auto answer = std::make_shared<input::SchemaChanged>();
  *answer = {change.writer, change.id, std::move(error)};
  if (executed) {
    // A step of the copy reads the source first: it may have changed when it is carried out.
    auto looked_up = std::make_shared<std::optional<Collection>>();
    if (around_.profile.workload.options > 0 && !changes_documents(change.kind)) {
      around_.later(Duration{after.us / 4}, [this, change, looked_up] {
        if (const Collection* there = source_.store().find(change.ns)) *looked_up = *there;
      });
    }
    around_.later(Duration{after.us / 2}, [this, change, answer, looked_up] {
      if (change.kind == SchemaChangeKind::build_late_indexes && *looked_up) {
        const std::string found = uuid_text(uuid_view(uuid_value((*looked_up)->life)));
        if (!change.uuid.empty() && change.uuid != found) {
          if (!answer->error) answer->other_uuid = found;
          return;
        }
      }
      auto refusal = target_.execute(change, around_.filter(), *looked_up);
      if (!refusal || answer->error) return;
      if (change.kind == SchemaChangeKind::rename) may_be_unproven_.insert(change.to);
      answer->error = std::move(refusal);
    });
  }
  around_.later(after, [this, change, answer] {
    in_flight_.erase(change.writer.value);
    around_.give(input::SchemaChanged(*answer));
  });
}

void TargetLink::compare(const output::Compare& order) {
  if (outages_.now(around_) || around_.happens(around_.profile.target.refused_before)) {
    around_.answer(latency(),
                   input::Compared{order.id, {}, make_error(ErrorContext::find, 6, "", "simulated")});
    return;
  }
  // Both sides are read one after the other; much can happen in between.
  using Documents = std::vector<std::string>;
  auto source = std::make_shared<Documents>();
  auto target = std::make_shared<Documents>();
  const auto read = [order](const Store& store, Documents& into) {
    for (const OwnedValue& id : order.ids) into.push_back(store.document(order.ns, identity_of(id.view())));
  };
  around_.later(latency(), [this, read, source] { read(source_.store(), *source); });
  const Duration answer_after = latency();
  around_.later(answer_after, [this, read, source, target, order] {
    read(target_.store(), *target);
    if (source->empty()) read(source_.store(), *source);
    input::Compared answer;
    answer.id = order.id;
    for (size_t i = 0; i < order.ids.size(); ++i) {
      input::ComparedKey& key = answer.keys.emplace_back();
      answer.bytes += source->at(i).size() + target->at(i).size();
      key.equal = source->at(i) == target->at(i);
      if (key.equal) continue;
      repaired_.insert({order.ns, identity_of(order.ids[i].view())});
      // Another document may hold its unique value until the repairs are given up.
      if (around_.profile.workload.unique_index) may_be_unproven_.insert(order.ns);
      if (!source->at(i).empty()) {
        const auto* bytes = reinterpret_cast<const uint8_t*>(source->at(i).data());
        key.source_document = OwnedDocument({bytes, static_cast<uint32_t>(source->at(i).size())});
      }
    }
    around_.answer({1'000}, std::move(answer));
  });
}

void TargetLink::on_end() {
  in_flight_.clear();
  newest_sent_.clear();
  repaired_.clear();
}

void TargetLink::on_crash() {
  on_end();
  for (const auto& request : std::vector(on_their_way_)) {
    const bool later = around_.profile.late_after_crash && around_.random.percent(50);
    if (later) {
      auto late = std::make_shared<Request>(*request);
      execute_later(late, {around_.random.between(0, latest_landing().us)}, std::nullopt);
    } else if (around_.random.percent(50)) {
      target_.execute(*request);
    }
    settle(request);
  }
}

Duration TargetLink::latest_landing() const { return {around_.profile.engine.late_write_max.us * 9 / 10}; }

void TargetLink::check(const WriteBatch& batch) {
  require(!batch.operations.empty(), "an empty write");
  require(in_flight_.count(batch.writer.value) == 0, "a writer got a batch before its last one was answered");
  require(limits_changed_ || batch.operations.size() <= around_.profile.limits.operations_max,
          "a batch above the target's limit");
  require(batch.parts.size() == 1 || around_.profile.limits.takes_many_parts || limits_changed_,
          "several parts for a target that takes one");
  std::vector<Key> keys;
  auto operation = batch.operations.begin();
  for (const WritePart& part : batch.parts) {
    require(part.operations > 0, "a part without operations");
    std::string before;
    for (uint32_t i = 0; i < part.operations; ++i, ++operation) {
      std::string canonical = canonical_key(operation->id).bytes();
      require(before.empty() || before < canonical, "a part is not sorted by key");
      before = std::move(canonical);
      Key key{part.ns, identity_of(operation->id)};
      require(std::ranges::find(keys, key) == keys.end(), "a batch writes a key twice");
      check(*operation, key);
      keys.push_back(std::move(key));
    }
  }
  require(operation == batch.operations.end(), "operations that belong to no part");
  in_flight_[batch.writer.value] = std::move(keys);
}

void TargetLink::check(const WriteOp& operation, const Key& key) {
  for (const auto& [writer, others] : in_flight_) {
    require(std::ranges::find(others, key) == others.end(), "two writes of one key are in flight");
  }
  if (operation.document.empty()) return;
  require(source_.ever_held(operation.document), "a document is written that the source never held");
  // Looked-up documents may be newer than the event that follows; images of the write never are.
  if (around_.profile.dialect != Dialect::documentdb || repeats() || repaired_.count(key) > 0) return;
  int64_t& newest = newest_sent_[key];
  require(version_of(operation.document) >= newest,
          "an older version of a document is written after a newer");
  newest = version_of(operation.document);
}

// Barriers (invariant 7): nothing of the collections concerned is in flight while a schema change runs.
void TargetLink::check_alone(const SchemaChange& change) const {
  require(in_flight_.count(change.writer.value) == 0, "a schema change on a busy writer");
  if (!runs_alone(change)) return;
  for (const auto& [writer, keys] : in_flight_) {
    for (const auto& [ns, identity] : keys) {
      const bool concerned =
          change.kind == SchemaChangeKind::drop_database
              ? ns.database == change.ns.database
              : ns == change.ns || (change.kind == SchemaChangeKind::rename && ns == change.to);
      require(!concerned,
              fmt::format("{} runs while a write to {} is in flight", describe(change), ns.name()));
    }
  }
}

}  // namespace ddsync::sim
