// Keys of writes whose outcome was unknown, at a target that does not refuse late duplicates: an old version
// may still land after newer ones (DESIGN invariant 14). They are part of the durable state, are compared on
// both sides once their retry is acknowledged and again after the longest possible delay, and are repaired
// through the ordinary way of an operation. Thread-safety: none.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/checkpoints.h"
#include "engine/input.h"
#include "engine/ledger.h"
#include "engine/output.h"
#include "engine/pending_operations.h"
#include "engine/shared.h"
#include "engine/stream.h"

namespace ddsync {

class Suspects {
 public:
  enum class Cause : uint8_t {
    late_write,  // a write of unknown outcome: an old version may still land
    not_told,    // no event that was applied says what the document is now
  };

  // `stream_of` gives a stream by its index.
  Suspects(Shared& shared, PendingOperations& pending, Checkpoints& checkpoints,
           std::function<const Stream&(uint32_t)> stream_of);

  // Takes over what an earlier process left unproven; their waiting time begins now.
  void resume();

  void add(NamespaceQueue& ns, ValueView id, Cause cause = Cause::late_write);
  // A write of unknown outcome that cannot be told by keys, or too many of them.
  void add_namespace(const Namespace& ns);
  // `from` is `to` now, and so is what a late write left there; a comparison may have met the source on
  // either side of that. All is proven anew in `to`.
  void renamed(const Namespace& from, const Namespace& to);
  // Documents were removed together, of one collection or of a whole database (`what.collection` is empty
  // then): a comparison under way may have met them.
  void dropped(const Namespace& what);
  // An operation on this key was added: what a comparison under way finds is out of date.
  void touch(const NamespaceQueue& ns, ValueView id);

  // The target will not take the document: it stays different, and is in the dead-letter store.
  void refused(const NamespaceQueue& ns, ValueView id);

  void on_compared(input::Compared&& compared);
  void pump();

  void fill(Checkpoint& checkpoint) const;
  // Documents of this namespace that no operation is waiting for, and that may be different.
  bool any_to_compare(const NamespaceQueue& ns) const;
  bool empty() const { return suspects_.empty(); }
  // Those that no write of unknown outcome is the cause of: they are settled as soon as they were compared.
  uint64_t not_told() const;
  uint64_t size() const { return suspects_.size(); }
  uint64_t unproven_namespaces() const { return unproven_.size(); }
  Instant next_wake() const;
  const Ledger& repairs() const { return repairs_; }

 private:
  using Key = std::pair<uint32_t, std::string>;  // number of the namespace, canonical key
  struct Suspect {
    NamespaceQueue* ns = nullptr;
    OwnedValue id;
    uint64_t generation = 0;  // of the first checkpoint that has it
    Instant due;              // a comparison that starts now or later is the last one
    uint32_t repairs = 0;
    uint32_t failed_repairs = 0;  // of them, when nothing could land late any more
    bool compared_once = false;
    bool touched = false;
    // What the target has was read from the source by name, at `read_by_name` or before.
    bool by_name = false;
    Instant read_by_name;
    bool not_told = false;  // a difference means nothing before the stream has caught up

    // What a comparison found, or is about to find, is out of date.
    void compare_anew() {
      compared_once = false;
      touched = true;
    }
  };

  bool has_room(const Key& key, ValueView id) const;
  void forget(std::map<Key, Suspect>::iterator suspect);
  static uint64_t bytes_of(const std::pair<const Key, Suspect>& suspect);
  // The stream has nothing more, and all of it is written but for duplicates that are set aside.
  bool told_all(const NamespaceQueue& ns) const;
  bool may_be_of_another_life(const Suspect& suspect) const;
  output::Compare choose(size_t most);
  void on_failed(const Error& error);
  void learn_size(uint64_t bytes);
  bool eligible(const Suspect& suspect) const;
  void settle(const Key& key, const input::ComparedKey& found);
  void repair(Suspect& suspect, const OwnedDocument& source_document);
  void say_repairs();

  Shared& shared_;
  PendingOperations& pending_;
  Checkpoints& checkpoints_;
  std::function<const Stream&(uint32_t)> stream_of_;
  std::map<Key, Suspect> suspects_;
  uint64_t bytes_ = 0;  // of their keys and _ids
  std::set<Namespace> unproven_;
  Ledger repairs_;
  uint64_t repairs_unsaid_ = 0;
  Namespace repaired_ns_;  // of the last one
  Instant say_repairs_at_;
  std::vector<Key> asked_;
  Namespace asked_ns_;
  size_t ask_max_;  // keys of the next comparison: fewer where documents are large
  Portion at_once_;
  Key chosen_last_;
  Instant asked_at_;
  bool in_flight_ = false;
  uint64_t id_ = 0;
  uint32_t attempt_ = 0;
  Instant next_check_;
};

}  // namespace ddsync
