#include "engine/refusals.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "bson/extended_json.h"
#include "bson/writer.h"
#include "engine/document_event.h"
#include "engine/utf8.h"

namespace ddsync {
namespace {

constexpr size_t kIdTextMax = 120;

std::string id_text(ValueView id) { return shortened(to_extended_json(id), kIdTextMax); }

std::string name_of(const KeyEntry& entry) {
  return fmt::format("the document with _id {} of {}", id_text(entry.flight.id), entry.ns->ns.name());
}

OwnedDocument event_of(const Namespace& ns, EventRef at) {
  const DocumentView held = at.batch->event(at.index);
  if (at.batch->ledger->holds() != Ledger::Holds::copies) return OwnedDocument(held);
  const std::string event = document_event("copy", ns, find_value(held, "_id"), held);
  return OwnedDocument(view_of(event));
}

}  // namespace

void Refusals::refuse(KeyEntry& entry, const Error& error) {
  add({&entry, entry.flight.newest, entry.ns->ns, error}, name_of(entry));
}

void Refusals::tell_alone(const KeyEntry& entry, const Error& error, Duration refused_after) {
  shared_.notice(
      output::Level::warning,
      fmt::format("the target does not take {}, and does not say why: {}. Others go on without it; "
                  "if they are taken and it is not for {} minutes, it counts as refused",
                  name_of(entry), describe(error), refused_after.us / 60'000'000));
}

void Refusals::refuse_event(const Namespace& ns, EventRef event, const Error& error) {
  add({nullptr, event, ns, error}, fmt::format("a change of the collection {}", ns.name()));
}

void Refusals::add(Refused refused, const std::string& what) {
  const std::string why = describe(refused.error);
  if (shared_.options.on_error == OnError::stop) {
    shared_.end(
        output::StopReason::refused_document,
        fmt::format("the target refuses {}: {}. Nothing was skipped: mend the cause on the target (or set "
                    "on_error: quarantine) and start again",
                    what, why));
  } else {
    shared_.notice(output::Level::error, fmt::format("the target refuses {}: {}; quarantined", what, why));
  }
  waiting_.push_back(std::move(refused));
}

Error Refusals::remembered(const KeyEntry& entry) {
  const auto found = set_aside_errors_.find(&entry);
  if (found == set_aside_errors_.end()) return {};
  Error error = std::move(found->second);
  set_aside_errors_.erase(found);
  return error;
}

void Refusals::pump() {
  if (shared_.options.on_error == OnError::stop) return;
  if (in_flight_ || waiting_.empty() || shared_.now < not_before_ || shared_.ending) return;
  output::Quarantine quarantine;
  quarantine.id = ++id_;
  for (const Refused& refused : waiting_) append_records(refused, quarantine.records);
  asked_ = std::move(waiting_);
  waiting_.clear();
  in_flight_ = true;
  shared_.emit(std::move(quarantine));
}

// One record for each event that the refused operation stands for, in the order of the stream.
void Refusals::append_records(const Refused& refused, std::vector<output::QuarantineRecord>& records) const {
  std::vector<output::QuarantineRecord> newest_first;
  for (EventRef at = refused.event; !at.none(); at = at.batch->slots[at.index].covered) {
    newest_first.push_back({refused.ns, at.batch->ledger->name(), event_of(refused.ns, at), refused.error});
  }
  std::move(newest_first.rbegin(), newest_first.rend(), std::back_inserter(records));
}

void Refusals::on_durable(uint64_t id) {
  if (!in_flight_ || id != id_) return;
  in_flight_ = false;
  attempt_ = 0;
  for (const Refused& refused : asked_) {
    if (refused.entry != nullptr) {
      suspects_.refused(*refused.entry->ns, refused.entry->flight.id);
      refused.entry->flight.remove_first = false;  // there is no second half any more
      pending_.acknowledged(*refused.entry);
    }
    acknowledger_.acknowledge_chain(refused.event, Done::quarantined);
  }
  asked_.clear();
}

void Refusals::on_failed(uint64_t id, const Error& error) {
  if (!in_flight_ || id != id_) return;
  in_flight_ = false;
  attempt_ += 1;
  not_before_ = shared_.now + shared_.backoff(attempt_);
  shared_.counters.errors += 1;
  waiting_.insert(waiting_.begin(), std::make_move_iterator(asked_.begin()),
                  std::make_move_iterator(asked_.end()));
  asked_.clear();
  if (attempt_ == 1) {
    shared_.notice(output::Level::error,
                   fmt::format("the dead-letter file cannot be written: {}; tried again until it succeeds",
                               describe(error)));
  }
}

}  // namespace ddsync
