// Duplicates on secondary unique indexes (DESIGN invariant 9): drain what came before, then retry in order as
// long as something moves; when nothing can move any more, open a ring of values once; then they are
// permanent.
//
// Where the stream cannot go on because of them (a schema change, full memory) or at all (a gap), what would
// free the value may lie behind: they are handed to the suspects, which compare them with the source when the
// stream has caught up.
#pragma once

#include "engine/acknowledger.h"
#include "engine/pending_operations.h"
#include "engine/refusals.h"
#include "engine/streams.h"
#include "engine/suspects.h"

namespace ddsync {

class SetAside {
 public:
  SetAside(Shared& shared, PendingOperations& pending, Acknowledger& acknowledger, Refusals& refusals,
           Suspects& suspects, Streams& streams)
      : shared_(shared),
        pending_(pending),
        acknowledger_(acknowledger),
        refusals_(refusals),
        suspects_(suspects),
        streams_(streams) {}

  // True when something moved.
  bool pump();

 private:
  void note_age(NamespaceQueue& ns);
  bool ring_is_old(const NamespaceQueue& ns, const Stream& stream) const;
  bool pump(NamespaceQueue& ns);
  bool passed_by(NamespaceQueue& ns, const Stream& stream) const;
  void hand_over(NamespaceQueue& ns, const Stream& stream);
  void refuse(NamespaceQueue& ns);

  Shared& shared_;
  PendingOperations& pending_;
  Acknowledger& acknowledger_;
  Refusals& refusals_;
  Suspects& suspects_;
  Streams& streams_;
  uint32_t concerned_ = 0;  // namespaces with something set aside or tried again
};

}  // namespace ddsync
