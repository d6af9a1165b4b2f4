// The state of one change stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/copy_checkpoint.h"
#include "engine/ledger.h"
#include "engine/namespace_queue.h"
#include "engine/schema_change.h"
#include "engine/spool_queue.h"
#include "engine/status.h"
#include "engine/too_much.h"

namespace ddsync {

// A schema change that holds up its stream: nothing behind it is decoded until it is done and durable.
struct Barrier {
  enum class Phase : uint8_t {
    draining,   // what came before is not all acknowledged
    securing,   // ... nor durable
    ready,      // alone now; waits for a writer, a backoff, or the stream of the other name
    running,    // the target works on it
    copying,    // the collection is copied anew instead of being renamed
    refused,    // goes to the dead-letter store
    releasing,  // done; waits until that is durable
  };
  Phase phase = Phase::draining;
  SchemaChange change;
  // Neither depends on what is written before and after it, nor changes a document, and its repetition ends
  // in the same: it waits for nothing and is not made durable by itself.
  bool at_once = false;
  EventRef event;
  uint64_t generation = 0;  // of the checkpoint that is waited for
  Instant resume_at;
  Instant ready_since;
  // A rename to `copy_anew` whose documents the target may not have: it drops what is there and copies the
  // collection under its new name.
  std::optional<Namespace> copy_anew;
  bool incomplete = false;  // the collection came into scope: what it held before is in no stream
  // A rename between collections of two streams: the stream of the old name runs it, the other one waits.
  bool waits_for_partner = false;
  std::optional<uint32_t> partner;     // index of the other stream
  bool partner_frozen = false;         // since the first try
  uint64_t partner_empty_batches = 0;  // of the partner when this barrier became ready
};

// The rest of a batch, behind a barrier.
struct Undecoded {
  BatchRecord* batch = nullptr;
  ElementCursor cursor;
  StreamPosition after;
};

// A stream that has brought less than was asked for at every read, for so long and without a pause, is at the
// end of what the source has: it has passed whatever happened there before. One short read proves nothing:
// some servers answer early, also with nothing, although there is more (Azure DocumentDB, SERVERS section 4).
constexpr Duration kKeepsUp = Duration::seconds(10);
// An open stream answers a read within about a second; a longer silence is a pause.
constexpr Duration kStreamPause = Duration::seconds(5);
// Some servers answer empty although there is more (Azure DocumentDB, SERVERS section 4).
constexpr Duration kEmptyForSure = Duration::seconds(5);

// A watermark: its position, and how many events of this process are before it.
struct Watermark {
  StreamPosition position;
  uint64_t passed = 0;
};

struct Stream {
  Stream(uint32_t number, WatchScope watched)
      : index(number), scope(std::move(watched)), ledger(scope.name()) {}

  uint32_t index;
  WatchScope scope;
  Ledger ledger;
  StreamState state = StreamState::opening;
  std::string detail;  // last error or reason, empty when fine
  std::string gap_reason;

  Watermark durable;
  Watermark proposed;            // in the checkpoint under way
  StreamPosition read_position;  // behind the last event read: a lost cursor is opened again here
  bool opened = false;           // a cursor is open
  bool asked = false;            // an OpenStream or ReadStream is not yet answered
  bool invalidated = false;      // the cursor ends behind the present batch
  uint32_t failures = 0;         // in a row
  uint32_t malformed_tries = 0;  // in a row, at `read_position`
  Instant reopen_at;
  // The source has forgotten the position behind the spool: a gap, as soon as the spool is applied.
  std::string gap_behind_spool;
  uint64_t start_generation = 0;  // checkpoint that makes the start position durable
  bool start_durable = false;

  // Events that an earlier process, killed, may have sent too: its writes may still be on their way.
  bool replaying = false;
  Instant replaying_since;
  // An earlier process, killed, copied its documents: until then one of them may land late, after the changes
  // made since, of which a deletion is in no copy that is made now.
  bool late_copies = false;
  Instant copied_late_until;

  SpoolQueue spool;
  uint64_t spool_missing = 0;    // behind the last entry of which the state says that it is there; 0 = it is
  bool spool_not_named = false;  // it has entries that the state does not know of: they are not used
  Instant waits_since;           // for a read that goes to the engine; none when it does not wait
  // The spool begins: the source is read from spool_start() on, and its first entry is still to come.
  bool rewound = false;
  // Behind what is in memory, while the source is read before it and the spool has nothing of that yet.
  StreamPosition memory_end;
  // The source does not know this position any more: no spool can begin there.
  StreamPosition forgotten;
  // Events up to the one with this token come again and are left out: they are in memory, or an earlier
  // process has applied them. (One that is older than a schema change must not come after it.)
  ResumeToken skip_until;
  // The copy of its documents. While `copying` no event is applied.
  StreamCopy copy = StreamCopy::none;
  bool copying = false;
  Instant copied_at;  // no event was applied before
  // When the last answer was asked for that held all the source had; it may be decoded long after.
  Instant at_head;

  std::optional<Undecoded> undecoded;
  std::optional<Barrier> barrier;
  uint32_t frozen = 0;  // by so many streams that are renaming a collection into its scope: it stands still
  bool full = false;    // paused because memory is
  bool last_batch_empty = false;
  bool heard = false;            // an answer with or without events came to this process
  bool last_batch_full = false;  // it was all that was asked for; a single event tells nothing
  uint32_t asked_events = 0;     // by the last read
  Instant asked_at;              // when that was, or when it was to be opened
  Instant answer_asked_at;       // the same of the last read that was answered
  Portion events_at_once;        // by one read
  Instant keeps_up_since;  // the end of the last pause, or of the last read that brought all it was asked for
  Instant last_event;      // when the last batch with events came, or the cursor was opened
  uint64_t empty_batches = 0;

  NamespaceQueue* last_ns = nullptr;  // most events come in runs of one namespace
  uint64_t events_read = 0;
  int64_t newest_wall_ms = 0;         // of the last event, by the source's clock; 0 = not told
  uint64_t expected_event_bytes = 0;  // 0 = none was read yet
  uint64_t largest_event_bytes = 0;   // of the last ones
  uint64_t reserved_bytes = 0;        // of the memory limit, for the read under way
  Instant last_answer;

  // Of the last batch that came directly a part is not decoded.
  bool read_in_part() const { return undecoded && undecoded->batch->spool_sequence == 0; }
  // Where the source has to be read from for the next entry: behind the newest one that is still needed, or
  // from the durable position on.
  const StreamPosition& spool_start() const { return spool.in_use() ? spool.after : durable.position; }
  // Nothing that was in the spool is left to be decoded.
  bool spool_applied() const {
    return spool.drained() && !(undecoded && undecoded->batch->spool_sequence != 0);
  }
  // The engine can take no event of it now.
  bool blocked() const { return held_up() || undecoded.has_value() || full; }
  bool is_gap() const { return state == StreamState::gap; }
  // A schema change of its collections runs or is about to.
  bool held_up() const { return barrier.has_value() || frozen > 0 || copying; }
  // Busy or not, it is at the end of what the source has.
  bool keeps_up(Instant now) const {
    const bool reads = opened && !blocked() && spool.drained() && now - last_answer < kStreamPause;
    return reads && now - keeps_up_since >= kKeepsUp;
  }
  // What happened at the source before `since` has come, beyond doubt: one empty answer does not tell, and
  // none that was asked for before.
  bool has_told(Instant since, Instant now) const {
    return is_empty_since(std::max(last_event, since)) || (keeps_up(now) && now - since >= kKeepsUp);
  }
  bool surely_at_end() const { return is_empty_since(last_event); }
  bool is_empty_since(Instant since) const {
    return last_batch_empty && answer_asked_at - since >= kEmptyForSure;
  }
  // As far as its last answer tells, which is not long ago.
  bool at_end(Instant now) const {
    return (last_batch_empty && now - last_answer < kStreamPause) || keeps_up(now);
  }
  // At a schema change that runs alone: nothing moves until what came before it is done.
  bool at_barrier() const { return barrier.has_value() && !barrier->at_once; }
  // Nothing more is known to come: what waits for a later event waits in vain.
  bool quiet() const { return last_batch_empty || at_barrier() || copying || full || is_gap(); }
};

}  // namespace ddsync
