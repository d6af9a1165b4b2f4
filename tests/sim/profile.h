// What one seed's world is like: its servers, its workload and which faults it has. Swarm testing: every
// kind of fault is left out of about half of the seeds, so that one does not hide what another one shows.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/options.h"
#include "engine/write.h"
#include "sim/random.h"

namespace ddsync::sim {

enum class Dialect : uint8_t { mongodb, documentdb };

// Chances in permille of one step of the kind named.
struct SourceFaults {
  uint32_t open_fails = 0;
  uint32_t read_fails = 0;
  uint32_t cursor_lost = 0;
  uint32_t damaged_event = 0;
  uint32_t empty_batch = 0;
  uint32_t outages = 0;  // number of them in the run
  bool truncates_history = false;
};

struct TargetFaults {
  uint32_t refused_before = 0;      // transient, nothing was done
  uint32_t throttled = 0;           // 16500
  uint32_t operation_fails = 0;     // of a single operation
  uint32_t reply_lost = 0;          // applied, or not, or only in part
  uint32_t lands_late = 0;          // of the replies lost: the command lands later
  uint32_t slow = 0;                // a reply takes a second or more
  uint32_t operations_in_time = 0;  // of a command with more the reply is lost; 0: it takes any number
  uint32_t refused_document = 0;    // of the documents written to the source
  uint32_t access_denied = 0;
  bool no_bulk_write = false;  // the command is refused, whatever the target says of itself
  uint32_t outages = 0;        // number of them in the run
};

struct DiskFaults {
  uint32_t fails = 0;       // any operation that changes something: I/O error, failed fsync
  uint32_t full = 0;        // number of times in the run that nothing can be written for a while
  uint32_t reads_fail = 0;  // at a start
  Duration latency_max = Duration::milliseconds(5);
};

struct WorkloadMix {
  uint32_t operations = 150;
  Duration gap_max = Duration::milliseconds(20);
  uint32_t keys = 10;        // few: races happen
  uint32_t burst = 0;        // permille: many operations at once
  uint32_t other_type = 30;  // percent of inserts that spell the _id in another type
  uint32_t schema = 0;       // permille: drop, rename, dropDatabase
  bool renames = false;
  bool unique_index = false;
  uint32_t options = 0;  // permille: create, collMod, indexes that come and go; the source tells of them
  bool renamed_is_another = false;  // a rename gives a collection another UUID (secantusd-py)
  bool unique_comes_and_goes = false;
  uint32_t padding = 0;  // bytes of every document, beside those of some
  bool chatter = false;  // one collection changes now and then for ever: its stream never falls idle for long
};

struct Profile {
  Dialect dialect = Dialect::mongodb;
  bool gives_start_position = true;  // a token or a time when a new stream is opened
  bool start_is_time = false;
  bool rename_seen_at_new_name = false;  // also by a stream of the collection that a rename replaces
  bool null_is_absent = false;           // a document that is gone: no fullDocument at all instead of null
  TargetLimits limits;
  bool behind_a_gateway = false;  // the target: what has no answer fails with code 1
  EngineOptions engine;           // but for resume_from
  // Before this life of the process one.b is not watched; 0: it always is.
  uint64_t grows_in_life = 0;
  NamespaceFilter filter_at_first;
  std::vector<Namespace> watched;
  std::vector<Namespace> unwatched;  // in a database that is watched
  WorkloadMix workload;
  uint32_t documents_before = 0;  // that the source holds before the first start
  SourceFaults source;
  TargetFaults target;
  DiskFaults disk;
  uint32_t crashes = 0;
  uint32_t crash_every_steps = 200;
  Duration idle_wait = Duration::milliseconds(1000);
  bool late_after_crash = false;  // what is on its way at a crash may land when it likes
};

Profile make_profile(Random& random);

}  // namespace ddsync::sim
