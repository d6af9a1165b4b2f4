// The initial copy: what the source holds is brought to the target while its changes wait in the spool.
//
// Guarantees: a stream's start position is durable before anything of it is read to be copied; no event of a
// stream is applied before all of its collections are copied (so a document that the copy brings late never
// undoes a change: DESIGN section 6); what is copied is durable as a plan with its rest, and a restart goes
// on there. Indexes that are made later take its last step, too. Copied documents take the way of all
// operations (batches, retries, unknown outcomes, refusals). Thread-safety: none.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoints.h"
#include "engine/collection_copy.h"
#include "engine/pending_operations.h"
#include "engine/streams.h"
#include "engine/suspects.h"
#include "engine/writers.h"

namespace ddsync {

class Copies {
 public:
  Copies(Shared& shared, Streams& streams, PendingOperations& pending, Acknowledger& acknowledger,
         Checkpoints& checkpoints, Suspects& suspects, Writers& writers);

  // Goes on with what an earlier process left, and holds the streams that are to be copied.
  void resume();

  void on_planned(input::CopyPlanned&& planned);
  void on_batch(input::RangeBatch&& batch);
  void on_failed(const input::RangeFailed& failed);
  // False when the change was not one of the copy's.
  bool on_changed(const input::SchemaChanged& changed);
  void pump();
  // Of the streams whose start is secured by now.
  void ask_for_plans();

  // A schema change met while the copy's changes are applied: `ns` is copied anew, in place of what the
  // target has. copied_alone() tells when that is done.
  void copy_alone(uint32_t stream, const Namespace& ns);
  // Collections of which this process could not build all indexes.
  uint64_t indexes_refused() const { return indexes_refused_; }
  bool copied_alone(const Namespace& ns) const;
  // Its indexes shall become as the source has them, without holding up the stream: one of the durable steps
  // that are left, so a restart builds them, too.
  // `uuid` is that of the source's collection: under the name there may be another one by now.
  void build_indexes(uint32_t stream, const Namespace& ns, std::string uuid);
  // What the old name waited for is found under the new one only.
  void renamed(const SchemaChange& rename);
  // Nothing is under the old name any more, or not that collection.
  void gone(const SchemaChange& change);
  // A collection was copied alone: a rename that follows is met by its stream as during the copy.
  void copied_in(const Namespace& ns);
  // Indexes of collections that the change concerns are being built.
  bool building(const SchemaChange& change) const;

  bool any() const { return !collections_.empty() || !plans_.empty(); }
  // Everything is copied and its changes are applied.
  bool finished() const;
  // Not all that an earlier process, killed, was at work on was read again.
  bool any_interrupted() const;
  uint64_t bytes() const { return bytes_; }
  uint32_t running() const { return changes_running_; }
  void fill(Checkpoint& checkpoint) const;
  void fill(EngineStatus& status) const;
  Instant next_wake() const;

 private:
  using Step = CollectionLeft::Step;
  struct Plan {
    uint32_t stream = 0;
    Namespace only;                                  // copied alone
    std::shared_ptr<const NamespaceFilter> covered;  // not to be copied
    uint64_t id = 0;
    bool asked = false;
    uint32_t attempt = 0;
    Instant ask_at;
  };

  bool any_copied() const;
  bool any_stream_copied() const;
  CopyProgress progress() const;
  void take_plan(const Plan& plan, std::vector<PlannedCollection>&& collections);
  bool all_planned() const;
  void begin(Stream& stream);
  void begin_all(Stream& stream);
  void plan_added(Stream& stream);
  void take_over(const Stream& stream, bool was_live);
  Plan& add_plan(uint32_t stream);
  bool is_planned(const Stream& stream) const;
  CollectionCopy& add(uint32_t stream, const Namespace& ns);
  void advance(CollectionCopy& collection);
  void advance_late_indexes(CollectionCopy& collection);
  void change_schema(CollectionCopy& collection, SchemaChangeKind kind);
  void step_done(CollectionCopy& collection);
  void note_elsewhere(CollectionCopy& collection, const std::string& other_uuid) const;
  void retry_change(CollectionCopy& collection, const Error& error);
  void finish_ranges(CollectionCopy& collection);
  void erase_done();
  void release_streams();
  bool caught_up(const Stream& stream, Instant since) const;
  bool at_the_end(const Stream& stream) const;

  void assign_readers();
  CollectionCopy* choose();
  void read();
  bool may_read() const;
  void take_documents(RangeCopy& range, input::RangeBatch&& batch);
  void take_document(RangeCopy& range, BatchRecord& batch, DocumentView document);
  RangeCopy* reading(ReaderId reader, uint64_t range);
  void free_reader(RangeCopy& range);
  void spend(uint64_t bytes);

  Shared& shared_;
  Streams& streams_;
  PendingOperations& pending_;
  Acknowledger& acknowledger_;
  Checkpoints& checkpoints_;
  Suspects& suspects_;
  Writers& writers_;
  std::list<CollectionCopy> collections_;  // addresses stay
  std::vector<Plan> plans_;
  // By stream, of those of several collections: what the configuration watches of it, and what of that is on
  // the target or was not to be copied (none: not known).
  std::vector<std::shared_ptr<const NamespaceFilter>> watched_;
  std::vector<std::shared_ptr<const NamespaceFilter>> covered_;
  std::vector<RangeCopy*> readers_;         // what each of them reads, or none
  std::map<uint32_t, uint64_t> releasing_;  // stream -> checkpoint that says that it is copied
  uint64_t last_plan_ = 0;
  uint64_t last_range_ = 0;
  uint64_t bytes_ = 0;     // of documents that the target has not yet
  uint64_t reserved_ = 0;  // for what is being read
  uint32_t changes_running_ = 0;
  uint32_t builds_ = 0;          // of them, of indexes
  uint32_t live_builds_ = 0;     // of them, of collections that are not copied
  uint64_t documents_done_ = 0;  // of collections that are complete
  uint64_t indexes_refused_ = 0;
  uint64_t collections_done_ = 0;
  uint64_t bytes_read_ = 0;
  Instant read_again_at_;  // the rate limit's
};

}  // namespace ddsync
