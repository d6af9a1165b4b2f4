// Answers what the engine asks of the source: opens and reads its change streams, with faults.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/output.h"
#include "sim/change_stream.h"
#include "sim/spool_link.h"
#include "sim/surroundings.h"

namespace ddsync::sim {

class SourceLink {
 public:
  SourceLink(Surroundings& around, const Source& source, SpoolLink& spool);

  void open(const output::OpenStream& order);
  void read(const output::ReadStream& order);
  void close(StreamId stream);
  // The process died: its cursors are gone.
  void forget_cursors();
  // The source has a new change: who waits for it gets it.
  void on_change();

  // Faults of streams are held back until then, where the source gives no start position.
  void undisturbed(bool yes) { undisturbed_ = yes; }
  Outages& outages() { return outages_; }
  // All there is was delivered, and the stream waits for more.
  bool delivered_all(StreamId stream) const;
  uint64_t histories_lost() const { return histories_lost_; }

 private:
  struct Cursor {
    ChangeStream stream;
    bool asked = false;
    bool waiting = false;  // for a change
    uint64_t serial = 0;   // of the last order
    output::ReadStream order;
    StreamPosition opened;
  };

  void answer_open(StreamId id, const StreamPosition& position);
  void answer_read(StreamId id);
  void keep(StreamId id, RawBatch&& batch);
  void answer_directly(StreamId id, RawBatch&& batch);
  void fail(StreamId id, Error error);
  bool disturbed(uint32_t permille) { return !undisturbed_ && around_.happens(permille); }
  Cursor& at(StreamId id) { return cursors_[id.value]; }

  Surroundings& around_;
  SpoolLink& spool_;
  std::vector<Cursor> cursors_;
  Outages outages_;
  bool undisturbed_ = false;
  uint64_t histories_lost_ = 0;
};

}  // namespace ddsync::sim
