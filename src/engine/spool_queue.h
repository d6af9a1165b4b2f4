// What of one stream lies in the spool: batches that were read from the source before the engine could take
// them. A queue by numbers; the bytes are on disk.
#pragma once

#include <cstdint>
#include <deque>

#include "engine/ids.h"
#include "engine/position.h"

namespace ddsync {

struct SpoolQueue {
  uint64_t next_write = 1;  // number of the next entry
  uint64_t next_read = 1;   // the next one to take out
  uint64_t trimmed = 1;     // entries before it are gone
  uint64_t durable = 1;     // entries before it are durably applied
  uint64_t bytes = 0;       // of the entries from `trimmed` on
  bool asked = false;       // an output::ReadSpool is not yet answered
  uint64_t asked_bytes = 0;
  uint32_t failures = 0;  // of reading an entry, in a row
  Instant read_again_at;
  uint64_t named_by = 0;  // checkpoint that says that there are entries: none is taken out before
  StreamPosition after;   // of the source, behind the newest entry
  Instant last_append;
  Instant told_at;                   // that there is a backlog
  std::deque<uint64_t> entry_bytes;  // of the entries from `trimmed` on; 0 = counted with an earlier one

  // Entries that are not taken out yet, the one that is being read with them.
  uint64_t left() const { return next_write - next_read; }
  // All but what is being read, or is about to be, is taken out.
  bool nearly_drained() const { return left() <= 1; }
  // Nothing is left to take out.
  bool drained() const { return next_read == next_write && !asked; }

  void append(uint64_t size, Instant now) {
    next_write += 1;
    bytes += size;
    last_append = now;
    entry_bytes.push_back(size);
  }
  // Of the next one to take out; of those that an earlier process left, all together.
  uint64_t next_bytes() const {
    const uint64_t known = entry_bytes[next_read - trimmed];
    return known > 0 ? known : bytes;
  }
  // A durable checkpoint still needs entries of it: what is appended has to follow on them.
  bool in_use() const { return durable < next_write; }
  // Gives how many bytes that frees.
  uint64_t trim(uint64_t before) {
    durable = before;
    uint64_t freed = 0;
    for (; trimmed < before && !entry_bytes.empty(); ++trimmed) {
      freed += entry_bytes.front();
      entry_bytes.pop_front();
    }
    bytes -= freed;
    return freed;
  }
};

}  // namespace ddsync
