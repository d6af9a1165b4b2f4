// Updates whose document was gone when the source looked it up. A delete of the document follows in the
// stream, or a drop of its collection (DESIGN invariant 8), and then nothing is missing. After a rename,
// though, nothing follows: the document lives on under the new name, and no event carries what the update
// made of it. So the keys are remembered until a later event of theirs; what a rename meets, or an idle
// stream, is compared with the source.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "bson/owned.h"
#include "engine/checkpoint.h"
#include "engine/namespace_queue.h"
#include "engine/pending_operations.h"
#include "engine/suspects.h"

namespace ddsync {

class Lookups {
 public:
  Lookups(const Checkpoint& resume_from, PendingOperations& pending, Suspects& suspects);

  bool empty() const { return missed_.empty(); }
  // An update of this document came without it.
  void missed(NamespaceQueue& ns, ValueView id);
  // A later event of this document came: it says all.
  void resolved(const NamespaceQueue& ns, ValueView id);

  void dropped(const Namespace& ns);
  void dropped_database(const std::string& database);
  void renamed(const Namespace& from, const Namespace& to);
  // All that the source had to tell of this stream is read, as its answer says; `surely`: for some time.
  void caught_up(uint32_t stream, bool surely);

  void fill(Checkpoint& checkpoint) const;

 private:
  struct Missed {
    NamespaceQueue* ns = nullptr;
    std::map<std::string, OwnedValue> ids;  // by canonical key
    bool incomplete = false;                // more keys than are remembered, or from before a restart
  };

  PendingOperations& pending_;
  Suspects& suspects_;
  std::map<uint32_t, Missed> missed_;  // by the namespace's number
};

}  // namespace ddsync
