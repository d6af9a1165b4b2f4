#include "engine/suspects.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "bson/writer.h"
#include "engine/document_event.h"

namespace ddsync {
namespace {

// Remembered one by one: they are part of every checkpoint. All that writers may have had on their way when
// the process was killed, and as many again.
constexpr size_t kSuspectsMax = 50'000;
// Of the memory limit, for their keys: a checkpoint holds each of them twice more while it is written.
constexpr uint64_t kKeysOneIn = 16;
constexpr uint64_t kKeyBytesLeast = 4u << 20;
constexpr size_t kComparedAtOnceMax = 500;
constexpr size_t kComparedAtFirst = 4;  // nothing is known of their size yet
// Of the memory limit, for documents that a comparison found different and that are written again.
constexpr uint64_t kRepairsOneIn = 8;
constexpr Duration kCheckInterval = Duration::milliseconds(200);
constexpr Duration kQuietCheckInterval = Duration::seconds(1);  // nothing could be compared at the last check
constexpr uint32_t kRepairsMax = 5;
constexpr Duration kRepairsSaidEvery = Duration::seconds(10);

Error incomplete_answer() {
  Error error;
  error.code = kErrorProtocol;
  error.message = "a comparison answered for other documents than were asked for";
  return error;
}

// A repair as a change event, for the ledger and, if the target refuses it, for the dead-letter store.
class RepairStorage : public BatchStorage {
 public:
  RepairStorage(const Namespace& ns, ValueView id, const OwnedDocument& document)
      : bytes_(document_event("repair", ns, id, document.view())) {}
  DocumentView event() const { return view_of(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace

Suspects::Suspects(Shared& shared, PendingOperations& pending, Checkpoints& checkpoints,
                   std::function<const Stream&(uint32_t)> stream_of)
    : shared_(shared),
      pending_(pending),
      checkpoints_(checkpoints),
      stream_of_(std::move(stream_of)),
      repairs_("repair of an unproven write", Ledger::Holds::repairs),
      ask_max_(kComparedAtFirst) {}

void Suspects::resume() {
  const Checkpoint& from = shared_.options.resume_from;
  for (const SuspectKey& key : from.suspects) {
    add(pending_.queue(key.ns.database, key.ns.collection), key.id.view());
  }
  for (auto& [key, suspect] : suspects_) suspect.by_name = true;  // it may have been repaired
  unproven_.insert(from.unproven_namespaces.begin(), from.unproven_namespaces.end());
}

void Suspects::add(NamespaceQueue& ns, ValueView id, Cause cause) {
  Key key{ns.salt, canonical_key(id, ns.salt).bytes()};
  if (!has_room(key, id) && suspects_.count(key) == 0) {
    add_namespace(ns.ns);
    return;
  }
  const auto [at, is_new] = suspects_.try_emplace(std::move(key));
  Suspect& suspect = at->second;
  if (is_new) suspect.generation = checkpoints_.request();
  if (!is_new) bytes_ -= bytes_of(*at);
  suspect.ns = &ns;
  suspect.id = OwnedValue(id);
  bytes_ += bytes_of(*at);
  suspect.read_by_name = shared_.now;
  if (cause == Cause::late_write) {
    suspect.due = shared_.now + shared_.options.late_write_max;
  } else {
    suspect.not_told = suspect.by_name = true;
  }
  suspect.compare_anew();
}

bool Suspects::has_room(const Key& key, ValueView id) const {
  const uint64_t most = std::max(shared_.options.memory_bytes_max / kKeysOneIn, kKeyBytesLeast);
  return suspects_.size() < kSuspectsMax && bytes_ + key.second.size() + id.size <= most;
}

void Suspects::forget(std::map<Key, Suspect>::iterator suspect) {
  bytes_ -= bytes_of(*suspect);
  suspects_.erase(suspect);
}

uint64_t Suspects::bytes_of(const std::pair<const Key, Suspect>& suspect) {
  return suspect.first.second.size() + suspect.second.id.view().size;
}

void Suspects::add_namespace(const Namespace& ns) {
  if (!unproven_.insert(ns).second) return;
  checkpoints_.moved();
  shared_.notice(
      output::Level::error,
      fmt::format("{} is not proven to be equal any more: writes of unknown outcome, or changes that could "
                  "not be carried over, may have left it different; compare it with the source",
                  ns.name()));
}

void Suspects::renamed(const Namespace& from, const Namespace& to) {
  NamespaceQueue& ns = pending_.queue(to.database, to.collection);
  std::vector<OwnedValue> moved;
  for (auto& [key, suspect] : suspects_) {
    const bool is_moved = suspect.ns->ns == from;
    if (is_moved) moved.push_back(suspect.id);
    if (is_moved || suspect.ns == &ns) suspect.compare_anew();
  }
  for (const OwnedValue& id : moved) add(ns, id.view());
  if (unproven_.count(from) > 0) add_namespace(to);
}

void Suspects::dropped(const Namespace& what) {
  for (auto& [key, suspect] : suspects_) {
    const Namespace& ns = suspect.ns->ns;
    if (ns.database != what.database || (!what.collection.empty() && ns.collection != what.collection))
      continue;
    suspect.compare_anew();
  }
}

void Suspects::refused(const NamespaceQueue& ns, ValueView id) {
  const auto found = suspects_.find({ns.salt, canonical_key(id, ns.salt).bytes()});
  if (found == suspects_.end()) return;
  forget(found);
  checkpoints_.moved();
}

void Suspects::touch(const NamespaceQueue& ns, ValueView id) {
  const auto found = suspects_.find({ns.salt, canonical_key(id, ns.salt).bytes()});
  if (found != suspects_.end()) found->second.touched = true;
}

bool Suspects::eligible(const Suspect& suspect) const {
  // A repair that a crash interrupts could land late, too: what it was for must not be forgotten.
  if (!checkpoints_.durable(suspect.generation)) return false;
  if (suspect.compared_once && shared_.now < suspect.due) return false;
  if (suspect.compared_once && may_be_of_another_life(suspect)) return false;
  const Stream& stream = stream_of_(suspect.ns->stream);
  // A repair would meet the schema change, one that a killed process has carried out already, too.
  if (stream.held_up() || !stream.heard) return false;
  return pending_.find(*suspect.ns, suspect.id.view()) == nullptr;
}

void Suspects::pump() {
  say_repairs();
  if (in_flight_ || suspects_.empty() || shared_.ending || shared_.now < next_check_) return;
  next_check_ = shared_.now + kCheckInterval;
  const bool full = repairs_.bytes() >= shared_.options.memory_bytes_max / kRepairsOneIn;
  // A repair may be set aside for a value that another suspect holds: that one must still be found.
  if (full && pending_.set_aside_count() == 0) return;
  output::Compare compare = choose(full ? 1 : at_once_.of(ask_max_));
  if (asked_.empty()) {
    next_check_ = shared_.now + kQuietCheckInterval;
    return;
  }
  compare.id = ++id_;
  asked_ns_ = compare.ns;
  asked_at_ = shared_.now;
  in_flight_ = true;
  shared_.emit(std::move(compare));
}

// Some of one namespace, in turns: behind those that were chosen last.
output::Compare Suspects::choose(size_t most) {
  output::Compare compare;
  asked_.clear();
  auto at = suspects_.upper_bound(chosen_last_);
  for (size_t seen = 0; seen < suspects_.size() && asked_.size() < most; ++seen, ++at) {
    if (at == suspects_.end()) at = suspects_.begin();
    auto& [key, suspect] = *at;
    if (!asked_.empty() && suspect.ns->ns != compare.ns) break;
    if (!eligible(suspect)) continue;
    compare.ns = suspect.ns->ns;
    compare.ids.push_back(suspect.id);
    asked_.push_back(key);
    suspect.touched = false;
  }
  if (!asked_.empty()) chosen_last_ = asked_.back();
  return compare;
}

void Suspects::on_compared(input::Compared&& compared) {
  if (!in_flight_ || compared.id != id_) return;
  in_flight_ = false;
  if (compared.error || compared.keys.size() != asked_.size()) {
    on_failed(compared.error.value_or(incomplete_answer()));
    return;
  }
  attempt_ = 0;
  next_check_ = shared_.now;
  learn_size(compared.bytes);
  at_once_.answered(asked_.size(), kComparedAtOnceMax);
  for (size_t i = 0; i < asked_.size(); ++i) settle(asked_[i], compared.keys[i]);
}

void Suspects::learn_size(uint64_t bytes) {
  const bool large = 2 * bytes > shared_.options.memory_bytes_max / kRepairsOneIn;
  ask_max_ = large ? std::max<size_t>(1, ask_max_ / 2) : std::min(2 * ask_max_, kComparedAtOnceMax);
}

void Suspects::on_failed(const Error& error) {
  const std::string ns = asked_ns_.name();
  attempt_ += 1;
  if (was_too_much(error, shared_.now - asked_at_)) at_once_.too_much(asked_.size());
  next_check_ = shared_.now + shared_.backoff(attempt_);
  shared_.counters.errors += 1;
  if (error.treatment == Treatment::fatal) {
    shared_.end(output::StopReason::access_denied,
                fmt::format("documents of {} cannot be compared: {}", ns, describe(error)));
  } else if (Shared::is_said(attempt_)) {
    shared_.notice(
        output::Level::warning,
        fmt::format("documents of {} cannot be compared (try {}): {}; they count as not proven and "
                    "are compared again until it succeeds",
                    ns, attempt_, describe(error)));
  }
}

void Suspects::settle(const Key& key, const input::ComparedKey& found) {
  const auto at = suspects_.find(key);
  if (at == suspects_.end() || at->second.touched) return;
  Suspect& suspect = at->second;
  const Stream& stream = stream_of_(suspect.ns->stream);
  if (!found.equal) {
    suspect.compared_once = false;
    if (stream.held_up() || (suspect.not_told && !told_all(*suspect.ns))) return;
    if (suspect.failed_repairs < kRepairsMax) {
      // What the stream is still to bring may differ again, and so may what lands late: that is no failed
      // repair.
      if (told_all(*suspect.ns) && !may_be_of_another_life(suspect)) {
        suspect.repairs += 1;
        if (asked_at_ >= suspect.due) suspect.failed_repairs += 1;
      }
      repair(suspect, found.source_document);
    } else {  // something else changes it, or the target refuses it
      add_namespace(suspect.ns->ns);
      forget(at);
    }
    return;
  }
  suspect.compared_once = true;
  if (asked_at_ < suspect.due) return;
  if (may_be_of_another_life(suspect) || (suspect.by_name && !told_all(*suspect.ns))) return;
  suspect.ns->changes += 1;
  forget(at);
  checkpoints_.moved();
}

void Suspects::repair(Suspect& suspect, const OwnedDocument& source_document) {
  suspect.compared_once = true;  // again when the stream has told what there was at the source until now
  suspect.by_name = true;
  suspect.read_by_name = shared_.now;
  repairs_unsaid_ += 1;
  repaired_ns_ = suspect.ns->ns;
  // The source's own spelling of the id: the suspect's may be of an earlier life of the key.
  const ValueView id =
      source_document.empty() ? suspect.id.view() : find_value(source_document.view(), "_id");
  auto storage = std::make_unique<RepairStorage>(suspect.ns->ns, id, source_document);
  Event event;
  decode_event(storage->event(), event);
  BatchRecord& batch = repairs_.begin_batch(std::move(storage), event.whole.size, shared_.now);
  const EventRef ref = repairs_.add_event(batch, event);
  repairs_.end_batch(batch, {PositionKind::operation_time, {}, 0});

  Operation operation;
  operation.kind = source_document.empty() ? WriteKind::remove : WriteKind::replace;
  // The late write may have left an equal _id of other bytes: a second try replaces that too.
  operation.remove_first = !source_document.empty() && suspect.repairs > 1;
  operation.id = event.id;
  operation.document = event.document;
  operation.newest = operation.oldest = ref;
  pending_.add(*suspect.ns, operation);
}

// After a crash under load there may be thousands.
void Suspects::say_repairs() {
  if (repairs_unsaid_ == 0 || (shared_.now < say_repairs_at_ && !shared_.ending)) return;
  shared_.notice(
      output::Level::warning,
      fmt::format("{} documents differ where a write of unknown outcome may have come late: they are being "
                  "written again as the source has them (the last one in {})",
                  repairs_unsaid_, repaired_ns_.name()));
  repairs_unsaid_ = 0;
  say_repairs_at_ = shared_.now + kRepairsSaidEvery;
}

// The source's document was read by name at a moment that the stream may not have reached yet: a rename on
// the way would carry it on.
bool Suspects::may_be_of_another_life(const Suspect& suspect) const {
  return suspect.by_name && !stream_of_(suspect.ns->stream).has_told(suspect.read_by_name, shared_.now);
}

uint64_t Suspects::not_told() const {
  return static_cast<uint64_t>(std::count_if(suspects_.begin(), suspects_.end(), [](const auto& entry) {
    return entry.second.not_told && entry.second.due == Instant{};
  }));
}

bool Suspects::any_to_compare(const NamespaceQueue& ns) const {
  for (auto at = suspects_.lower_bound({ns.salt, {}}); at != suspects_.end(); ++at) {
    if (at->first.first != ns.salt) return false;
    if (pending_.find(ns, at->second.id.view()) == nullptr) return true;
  }
  return false;
}

bool Suspects::told_all(const NamespaceQueue& ns) const {
  const Stream& stream = stream_of_(ns.stream);
  return stream.at_end(shared_.now) && !stream.held_up() && ns.drained();
}

void Suspects::fill(Checkpoint& checkpoint) const {
  checkpoint.suspects.reserve(suspects_.size());
  for (const auto& [key, suspect] : suspects_) checkpoint.suspects.push_back({suspect.ns->ns, suspect.id});
  checkpoint.unproven_namespaces.assign(unproven_.begin(), unproven_.end());
}

Instant Suspects::next_wake() const {
  const Instant check = in_flight_ || suspects_.empty() ? Instant{} : next_check_;
  if (repairs_unsaid_ == 0) return check;
  return check == Instant{} ? say_repairs_at_ : std::min(check, say_repairs_at_);
}

}  // namespace ddsync
