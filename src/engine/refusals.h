// Documents that the target will never take: `on_error` decides. Stop: the service ends, nothing is skipped.
// Quarantine: the events go into the dead-letter store, and count as done once they are durable there.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/acknowledger.h"
#include "engine/pending_operations.h"
#include "engine/shared.h"
#include "engine/suspects.h"

namespace ddsync {

class Refusals {
 public:
  Refusals(Shared& shared, PendingOperations& pending, Acknowledger& acknowledger, Suspects& suspects)
      : shared_(shared), pending_(pending), acknowledger_(acknowledger), suspects_(suspects) {}

  // The operation in flight is refused for good; it stays in flight (its key blocked) until it is settled.
  void refuse(KeyEntry& entry, const Error& error);
  // Only says it.
  void tell_alone(const KeyEntry& entry, const Error& error, Duration refused_after);
  // An event without a document (a schema change) is refused for good.
  void refuse_event(const Namespace& ns, EventRef event, const Error& error);

  // Why a set-aside operation was set aside.
  void remember(const KeyEntry& entry, const Error& error) { set_aside_errors_[&entry] = error; }
  Error remembered(const KeyEntry& entry);
  void forget(const KeyEntry& entry) { set_aside_errors_.erase(&entry); }

  void on_durable(uint64_t id);
  void on_failed(uint64_t id, const Error& error);
  void pump();

  bool outstanding() const { return in_flight_ || !waiting_.empty(); }
  bool in_flight() const { return in_flight_; }
  Instant next_wake() const { return in_flight_ || waiting_.empty() ? Instant{} : not_before_; }

 private:
  struct Refused {
    KeyEntry* entry = nullptr;  // none for a schema change
    EventRef event;             // the newest of the operation
    Namespace ns;
    Error error;
  };

  void add(Refused refused, const std::string& what);
  void append_records(const Refused& refused, std::vector<output::QuarantineRecord>& records) const;

  Shared& shared_;
  PendingOperations& pending_;
  Acknowledger& acknowledger_;
  Suspects& suspects_;
  std::vector<Refused> waiting_;
  std::vector<Refused> asked_;
  bool in_flight_ = false;
  uint64_t id_ = 0;
  uint32_t attempt_ = 0;
  Instant not_before_;
  std::unordered_map<const KeyEntry*, Error> set_aside_errors_;
};

}  // namespace ddsync
