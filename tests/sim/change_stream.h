// A change stream of the simulated source: which changes it delivers, in what form, and what its tokens mean.
// Rules: MongoDB's (looked-up documents, post-batch tokens, invalidates) or DocumentDB's preview (images of
// the time of the write, documentKey `{"": id}`, no schema events, no token before the first event).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/batch.h"
#include "engine/error.h"
#include "engine/ids.h"
#include "sim/profile.h"
#include "sim/source.h"

namespace ddsync::sim {

// The number of the last change that a position is behind, for checks; 0 when it is not known.
uint64_t change_number(const StreamPosition& position);

class ChangeStream {
 public:
  ChangeStream(const Profile& profile, const Source& source, WatchScope scope)
      : profile_(profile), source_(source), scope_(std::move(scope)) {}

  // The position that the server gives for a new stream, or its refusal. A token of another stream, or one
  // that needs startAfter, is a violation: the engine must know better.
  std::optional<Error> open(const StreamPosition& position, StreamPosition& start);
  void close() { open_ = false; }
  bool is_open() const { return open_; }

  // Something is there to be delivered.
  bool has_events() const;
  // At most `events_max` of it. `damaged`: the last event of the batch cannot be understood.
  std::optional<Error> read(uint32_t events_max, bool damaged, RawBatch& batch);
  RawBatch empty_batch();

 private:
  bool delivers(const Change& change) const;
  bool invalidates(const Change& change) const;
  const Change* next_change() const;
  std::string token(uint64_t number, char kind) const;
  std::string post_batch_token();
  std::string encode(const Change& change) const;
  std::string look_up(const Change& change) const;
  std::string encode_invalidate(const Change& change) const;
  void position_after(const StreamPosition& position);

  const Profile& profile_;
  const Source& source_;
  WatchScope scope_;
  bool open_ = false;
  uint64_t next_ = 1;            // the next change to look at
  uint64_t invalidate_due_ = 0;  // of this change; delivered before anything else
  std::string last_token_;       // that was given
};

}  // namespace ddsync::sim
