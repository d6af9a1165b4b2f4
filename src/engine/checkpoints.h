// When the durable state is renewed. One write at a time; what becomes ready meanwhile goes into the next one
// (group commit): the disk sets the pace.
#pragma once

#include <cstdint>
#include <functional>

#include "engine/shared.h"

namespace ddsync {

class Checkpoints {
 public:
  // `build` fills in everything but the generation, from the state at that moment.
  Checkpoints(Shared& shared, std::function<Checkpoint()> build);

  // The present state shall become durable soon; gives the generation that will hold it.
  uint64_t request();
  bool durable(uint64_t generation) const { return durable_ >= generation; }

  // `events` more are behind the watermarks.
  void applied(uint64_t events) { unpersisted_ += events; }
  // A position moved without events, or something else that can wait for a while.
  void moved() { moved_ = true; }
  // Work that a restart would have to do again.
  void progressed() { progressed_ = true; }

  void on_durable(uint64_t generation);
  void on_failed(uint64_t generation, const Error& error);

  // Asks for a checkpoint when one is due. `idle`: nothing waits for the target.
  void pump(bool idle);
  // Everything there is to keep is durable.
  bool settled() const { return !in_flight_ && !forced_ && unpersisted_ == 0 && !moved_ && !progressed_; }
  // Makes a last checkpoint due, whatever the pace.
  void settle() { forced_ = forced_ || unpersisted_ > 0 || moved_ || progressed_; }

  // The disk refuses: nothing more is to be read until it recovers.
  bool failing() const { return attempt_ > 0; }
  uint64_t unpersisted() const { return unpersisted_; }
  // Since when the disk has not taken what it was asked to keep; 0 = it is not being asked.
  Instant waits_for_disk_since() const {
    if (failing()) return failing_since_;
    return in_flight_ ? last_ : Instant{};
  }
  // When pump() has to be called again without another input; 0 = no need.
  Instant next_wake(bool idle) const;

 private:
  bool worth_it(bool idle) const;
  bool wanted(bool idle) const;
  Duration spacing() const;

  Shared& shared_;
  std::function<Checkpoint()> build_;
  uint64_t generation_;  // of the last one asked for
  uint64_t durable_;
  bool in_flight_ = false;
  bool forced_ = false;
  bool moved_ = false;
  bool progressed_ = false;
  uint64_t unpersisted_ = 0;  // events behind the watermarks, not in the checkpoint last asked for
  uint64_t in_flight_events_ = 0;
  uint64_t weight_ = 1;  // entries of the last checkpoint
  uint32_t attempt_ = 0;
  Instant last_;           // when the last one was asked for
  Duration took_;          // to make the last one durable
  Instant not_before_;     // backoff after a failure
  Instant failing_since_;  // when the first one that failed was asked for
};

}  // namespace ddsync
