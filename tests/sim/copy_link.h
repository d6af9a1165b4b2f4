// The source as the copy sees it: what collections there are, and their documents by ranges of _id. Cursors
// are no snapshots: each read finds what is there at that moment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/output.h"
#include "sim/source.h"
#include "sim/surroundings.h"

namespace ddsync::sim {

class CopyLink {
 public:
  // Of one reply.
  static constexpr uint32_t kDocumentsMax = 6;

  CopyLink(Surroundings& around, const Source& source)
      : around_(around), source_(source), cursors_(around.profile.engine.copy.readers) {}

  void plan(const output::PlanCopy& order);
  void read(const output::ReadRange& order);
  void forget_cursors();
  Outages& outages() { return outages_; }

 private:
  struct Cursor {
    CopyRange bounds;
    std::string after;  // identity; empty = the start of the range
    bool started = false;
    uint64_t life = 0;  // of the collection; 0 = there was none
    bool asked = false;
  };

  std::vector<PlannedCollection> collections(const output::PlanCopy& order);
  std::vector<CopyRange> split(const Namespace& ns, const Collection& collection);
  void answer(const output::ReadRange& order);
  void fail(const output::ReadRange& order, Error error);

  Surroundings& around_;
  const Source& source_;
  std::vector<Cursor> cursors_;
  Outages outages_;
};

}  // namespace ddsync::sim
