// Bugs that the simulator must find (tests/sim). Product builds have none of this: without
// DDSYNC_PLANTED_BUGS `planted()` is a constant false and the compiler removes the branch.
#pragma once

#include <cstdint>

namespace ddsync {

enum class PlantedBug : uint8_t {
  none,
  checkpoint_before_acknowledgement,
  two_writes_in_flight_on_one_key,
  no_durable_start_position,
  rename_without_barrier,
  coalescing_across_barrier,
  key_identity_by_bytes,
  unknown_outcome_forgotten,  // retried without a fence or a suspect set
  folder_not_synced,
  file_not_synced,
  events_during_copy,     // a stream's events are applied while it is copied
  spool_behind_memory,    // the spool begins behind what is only in memory
  rename_in_copy_window,  // a rename of a collection that may be copied in part
  replayed_forgotten,     // what a killed process may have sent is not compared
  sent_untold,            // events are sent before a checkpoint says that they may be
  new_indexes_forgotten,  // indexes that are still to be built are not in the checkpoint that passes them
};

#ifdef DDSYNC_PLANTED_BUGS
// Set by the simulator before a run; one thread.
inline PlantedBug g_planted_bug = PlantedBug::none;
inline bool planted(PlantedBug bug) { return g_planted_bug == bug; }
#else
constexpr bool planted(PlantedBug) { return false; }
#endif

}  // namespace ddsync
