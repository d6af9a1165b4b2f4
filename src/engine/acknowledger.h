// Marks events as done, counts them, and moves the watermarks once a step.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/ledger.h"
#include "engine/shared.h"

namespace ddsync {

enum class Done : uint8_t { applied, skipped, quarantined };

class Acknowledger {
 public:
  explicit Acknowledger(Shared& shared) : shared_(shared) {}

  // One event that no write stands for.
  void acknowledge(EventRef event, Done how);
  // All events that a write stands for: the newest was applied, the ones it covers were superseded.
  void acknowledge_chain(EventRef newest, Done how);

  // The ledger changed without an acknowledgement (a batch is complete).
  void touch(Ledger& ledger);

  // Moves the watermarks; gives the number of events they passed.
  uint64_t advance();
  // Documents that advance() passed and that are no events, since the last call.
  uint64_t take_copied() { return std::exchange(copied_, 0); }

 private:
  void mark(EventRef event);
  void count(EventKind kind);

  Shared& shared_;
  std::vector<Ledger*> touched_;
  uint64_t copied_ = 0;
};

}  // namespace ddsync
