// The writers: who carries which batch, and what follows from the target's answers.
//
// A batch whose outcome is unknown stays with its writer and is tried again by it until it is known: its
// session refuses the late duplicate of the first try where the target can do that (DESIGN invariant 14).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/acknowledger.h"
#include "engine/checkpoints.h"
#include "engine/input.h"
#include "engine/pending_operations.h"
#include "engine/refusals.h"
#include "engine/shared.h"
#include "engine/suspects.h"
#include "engine/too_much.h"

namespace ddsync {

class Writers {
 public:
  Writers(Shared& shared, PendingOperations& pending, Acknowledger& acknowledger, Checkpoints& checkpoints,
          Suspects& suspects, Refusals& refusals);

  void on_finished(input::WriteFinished&& finished);

  // Hands batches to free writers and sends again what waited long enough.
  void pump();

  // A free writer for a schema change, or none. It stays busy until release().
  std::optional<WriterId> borrow();
  void release(WriterId writer);
  BatchId next_batch_id() { return {++last_batch_}; }

  // The engine ends: nobody will know what becomes of what is in flight or had an unknown outcome, and the
  // next process has other sessions, which refuse nothing of these. True when there is such a write.
  bool suspect_unknown();
  // It may be another server than before.
  void on_target_ready() { one_part_each_ = false; }
  bool any_in_flight() const { return busy_ > 0; }
  uint32_t busy() const { return busy_; }
  uint32_t retrying() const { return retrying_; }
  Instant next_wake() const;
  // When the oldest batch that is not answered was sent; 0 when none is on its way.
  Instant unanswered_since() const;
  const std::string& last_error() const { return last_error_; }

 private:
  // A document that fails its command by itself. In flight, and between its tries with no writer; never again
  // sent with others.
  struct Alone {
    KeyEntry* entry = nullptr;
    Instant since;             // the first command with it failed
    Instant tried_at;          // the time before the last
    Instant quiet_since;       // from then on no command of others failed
    Instant taken_since;       // the first of `taken_tries`
    uint32_t taken_tries = 0;  // in a row before which others were taken
    Instant resume_at;

    Alone(KeyEntry& key, Instant failed)
        : entry(&key), since(failed), tried_at(failed), quiet_since(failed) {}
  };

  enum class State : uint8_t { free, busy, waiting };  // waiting: for its backoff to pass
  struct Writer {
    State state = State::free;
    BatchId batch_id;
    std::vector<KeyEntry*> entries;  // in flight, or to be sent again
    std::vector<KeyEntry*> rest;     // the other part of a batch that was split
    size_t lists = 0;                // of `entries`, as they were sent
    uint32_t attempt = 0;
    bool unknown = false;  // a try of `entries` or `rest` had an unknown outcome
    Instant sent_at;       // of `entries`; none: it is borrowed
    Instant resume_at;
    Instant failing_since;       // the batch; none: no command of it failed
    std::optional<Alone> alone;  // what it sends is this one
  };

  // A free writer takes these up.
  void begin(std::vector<KeyEntry*> entries, std::optional<Alone> alone = std::nullopt);
  void send(uint32_t index);
  // Settles each operation of a batch that was answered. Gives an error that the writer should pause for, or
  // none.
  const Error* settle(const std::vector<KeyEntry*>& entries, const std::vector<OperationError>& errors);
  // Those of which nothing is taken for now are left in peace for a while.
  void hold(std::vector<NamespaceQueue*>& not_taken, const Error& error);
  void send_rest(uint32_t index);
  void set_free(uint32_t index);
  void wait(uint32_t index, const Error& error);
  void on_command_failed(uint32_t index, const Error& error);
  void split(uint32_t index, const Error& error);
  void keep_first_part(Writer& writer);
  Duration took(const Writer& writer) const { return shared_.now - writer.sent_at; }
  void halve(Writer& writer);
  // One document of several may be the cause of a command that fails again and again, without a word of it.
  static bool may_be_the_document(const Writer& writer, const Error& error);
  void isolate(uint32_t index, const Error& error);
  void try_another(uint32_t index, const Error& error);
  void let_go(uint32_t index, const Error& error);
  bool counts_as_refused(Alone& alone) const;
  void send_alone();
  // A command was too much for the target: less at once from now on.
  void ask_for_less(const Writer& writer);
  // It was answered soon: more again.
  void ask_for_more(const Writer& writer);
  // True when the writer should pause before its next batch.
  bool settle_refused(KeyEntry& entry, const Error& error);
  // The target takes less in a command than it said, or refuses one collection of several: each alone tells.
  void take_one_part_each(const Error& error);
  // After its retry, and the target would take it.
  bool may_land_late(const std::vector<KeyEntry*>& entries) const;
  void slow_down();
  void speed_up();
  void tell_retried(const Namespace& ns, const Error& error);
  BatchLimits limits() const;

  Shared& shared_;
  PendingOperations& pending_;
  Acknowledger& acknowledger_;
  Checkpoints& checkpoints_;
  Suspects& suspects_;
  Refusals& refusals_;
  std::vector<Writer> writers_;
  std::vector<uint32_t> free_;
  uint64_t last_batch_ = 0;
  uint32_t busy_ = 0;
  uint32_t retrying_ = 0;
  bool one_part_each_ = false;
  Portion lists_together_;     // in one command, where the target takes several
  double operations_max_ = 0;  // falls when the target throttles or is slow, rises again with every success
  Instant slowed_at_;          // when a command was last too much for the target
  Duration too_long_;          // what that one took; 0: none was
  uint64_t answers_ = 0;
  Instant taken_at_;   // when the target last did one operation or more
  Instant failed_at_;  // when a command last failed as a whole, but for those of one document alone
  std::vector<Alone> alone_;
  std::vector<NamespaceQueue*> held_;  // until their `not_before`
  std::string last_error_;
  std::map<int, Instant> tell_retried_at_;  // by code, the next time
};

}  // namespace ddsync
