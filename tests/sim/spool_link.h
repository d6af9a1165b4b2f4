// The simulated spool: entries that are durable when they were answered for. Those that were not may survive
// a crash or not; the ones trimmed may be back.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/batch_position.h"
#include "engine/output.h"
#include "sim/surroundings.h"

namespace ddsync::sim {

class SpoolLink {
 public:
  explicit SpoolLink(Surroundings& around)
      : around_(around), streams_(around.profile.engine.streams.size()) {}

  // Keeps the batch and answers; gives false when the disk refuses: the stream has failed then.
  bool append(StreamId stream, uint64_t sequence, const RawBatch& batch, const BatchPosition& position);
  void read(const output::ReadSpool& order);
  void trim(const output::TrimSpool& order);

  void on_crash();
  // What a start finds.
  std::vector<SpoolContent> contents() const;
  // The number of the first change in what is left from entry `next` on, 0 when there is none.
  uint64_t first_change(size_t stream, uint64_t next) const;
  uint64_t entries_kept() const { return entries_kept_; }
  // Of all that there ever were, in bytes. One is taken out whatever room there is for it.
  uint64_t largest_entry() const { return largest_entry_; }

 private:
  struct Entry {
    std::string events;
    std::string token;
    StreamPosition after;
    bool durable = false;
  };

  Surroundings& around_;
  std::vector<std::map<uint64_t, Entry>> streams_;
  uint64_t entries_kept_ = 0;
  uint64_t largest_entry_ = 0;
};

}  // namespace ddsync::sim
