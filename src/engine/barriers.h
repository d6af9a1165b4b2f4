// Schema changes as barriers (DESIGN invariant 7): what came before in the stream is acknowledged and
// durable, then the change runs alone, then that it is done becomes durable, then the stream goes on.
// (Inserts that are replayed before a repeated rename would overwrite the renamed collection.)
//
// A created collection and a dropped index are barriers for what follows them only (Barrier::at_once).
//
// A rename between collections of two streams waits for both: the stream of the old name runs it, the stream
// of the new name stands still at its own event of it, or, where the source delivers none there, when it is
// idle or has passed it.
#pragma once

#include <cstdint>

#include "engine/acknowledger.h"
#include "engine/checkpoints.h"
#include "engine/copies.h"
#include "engine/lookups.h"
#include "engine/refusals.h"
#include "engine/streams.h"
#include "engine/suspects.h"
#include "engine/writers.h"

namespace ddsync {

class Barriers {
 public:
  Barriers(Shared& shared, Streams& streams, Checkpoints& checkpoints, Acknowledger& acknowledger,
           Writers& writers, Refusals& refusals, Suspects& suspects, Lookups& lookups, Copies& copies);

  // True when the stream has to wait for the change; false when it is of no concern and done with.
  bool begin(Stream& stream, EventRef ref, const Event& event);
  void on_changed(input::SchemaChanged&& changed);
  void pump();

  bool any_running() const { return running_ > 0; }
  Instant next_wake() const;

 private:
  bool plan(Stream& stream, const Event& event, Barrier& barrier);
  bool plan_rename(Stream& stream, const Event& event, Barrier& barrier);
  bool plan_live(const Event& event, Barrier& barrier);
  void advance(Stream& stream);
  void settle_lookups(const SchemaChange& change);
  void note_late_copies(const Stream& stream);
  void tell_done(const SchemaChange& change);
  void on_failed(Stream& stream, const Error& error);
  bool drained(const Stream& stream) const;
  bool in_copy_window(const Stream& stream) const;
  void run_without_partner(Stream& stream);
  void wait_for_copy(Stream& stream);
  void copy_anew(Stream& stream, const Namespace& ns);
  SchemaChange order_of(const Stream& stream, Barrier& barrier) const;
  bool crossed(const Stream& stream, const Stream& partner) const;
  bool partner_stands_still(Stream& stream);
  void run(Stream& stream);
  void done(Stream& stream);
  void settle(Stream& stream);
  void release(Stream& stream);
  void refuse(Stream& stream, const Error& error);

  Shared& shared_;
  Streams& streams_;
  Checkpoints& checkpoints_;
  Acknowledger& acknowledger_;
  Writers& writers_;
  Refusals& refusals_;
  Suspects& suspects_;
  Lookups& lookups_;
  Copies& copies_;
  uint32_t active_ = 0;
  uint32_t running_ = 0;
};

}  // namespace ddsync
