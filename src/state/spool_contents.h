// What a spool that was just opened holds, and whose it is. Internal to state/.
#pragma once

#include <vector>

#include "state/spool.h"
#include "state/spool_database.h"

namespace ddsync::state {

// Refuses the spool of another pair; writes the pair into a new one.
Result<void> check_identity(SpoolDatabase& database, const StateIdentity& identity);

// Refuses a store with files that are missing or have another size.
Result<void> check_files(const SpoolDatabase& database);

struct FoundStream {
  SpooledStream stream;
  uint64_t bytes_ever = 0;  // of all entries it ever had; bytes_before of the next one
};

// Reads two entries a stream, however many there are.
Result<std::vector<FoundStream>> find_streams(const SpoolDatabase& database);

}  // namespace ddsync::state
