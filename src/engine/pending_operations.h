// Everything that is to be written: operations by namespace and key, coalesced.
//
// Guarantee: an operation is taken only while no other of its key is in flight, and operations of one key are
// taken in the order they were added (DESIGN invariant 2).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/key_table.h"
#include "engine/namespace_queue.h"

namespace ddsync {

struct BatchLimits {
  uint32_t operations_max = 0;
  uint64_t bytes_max = 0;
  uint64_t lists_max = 1;  // in one batch
  Instant now;
};

// What one write command carries; its entries are in flight until each got one of the answers below.
struct TakenBatch {
  std::vector<KeyEntry*> entries;  // list by list, each sorted by key
  uint64_t bytes = 0;
  size_t lists_that_wait = 0;      // for a checkpoint; nothing was taken of them
  bool checkpoint_wanted = false;  // few more may be sent before the next one, see send_window.h
};

// Neighbours in a batch that one part of a command carries.
inline bool same_part(const KeyEntry& a, const KeyEntry& b) {
  return a.ns == b.ns && a.flight.kind_to_send() == b.flight.kind_to_send();
}

class PendingOperations {
 public:
  // `streams`: index = StreamId.
  PendingOperations(NamespaceFilter filter, std::vector<WatchScope> streams)
      : filter_(std::move(filter)), streams_(std::move(streams)) {}

  // The queue of a namespace, made on first use; its address stays.
  NamespaceQueue& queue(std::string_view database, std::string_view collection);
  std::deque<NamespaceQueue>& queues() { return queues_; }

  // `operation` covers one event. Gives true when it took the place of an older operation.
  bool add(NamespaceQueue& ns, Operation operation);
  KeyEntry* find(const NamespaceQueue& ns, ValueView id) const;

  size_t ready_lists() const { return active_.size(); }
  // A batch of the list that waits longest, a fair part of it for each free writer. With
  // BatchLimits::lists_max small lists go together: 16, or more when there are more for each free writer.
  // Without entries when what it came to has to wait for a checkpoint; others come first the next time.
  TakenBatch take(const BatchLimits& limits, uint32_t free_writers);
  // As a batch has to be: list by list, each by key, so that writers meet documents in one order.
  void sort_parts(std::span<KeyEntry*> entries);
  // Nothing may be sent before a checkpoint: what waits longest of each stream shall be in it. True when none
  // is under way that has it.
  bool want_first_of_all();

  // Answers to an operation in flight.
  //
  // Acknowledged: gives the events that are done; none when the second half of the operation is still to
  // come.
  EventRef acknowledged(KeyEntry& entry);
  // To be sent again as `kind`, after newer operations of its key were merged into it.
  void send_again(KeyEntry& entry, WriteKind kind);
  // Refused for a value that another document holds: waits until something moves.
  void set_aside(KeyEntry& entry);

  // Gives set-aside operations another try where that can help.
  void retry_set_aside(NamespaceQueue& ns);
  uint64_t set_aside_count() const { return set_aside_; }
  // Makes the set-aside operations of a drained namespace remove their documents before they write them.
  void open_ring(NamespaceQueue& ns);
  // Takes one set-aside operation out, in flight, because it is refused for good.
  KeyEntry& take_refused(NamespaceQueue& ns);

  uint64_t keys() const { return table_.size(); }

 private:
  DocumentKey key_of(const NamespaceQueue& ns, ValueView id) const;
  enum class Taken : uint8_t { some, none_allowed, no_room };
  Taken take_from(ReadyList& list, const BatchLimits& limits, uint64_t most, TakenBatch& batch);
  void sort(std::span<KeyEntry*> entries);
  void make_ready(KeyEntry& entry);
  void detach(KeyEntry& entry);
  void land(KeyEntry& entry);

  uint32_t stream_of(const Namespace& ns) const;

  NamespaceFilter filter_;
  std::vector<WatchScope> streams_;
  KeyTable table_;
  std::deque<NamespaceQueue> queues_;
  std::unordered_map<std::string, NamespaceQueue*> by_name_;
  std::string name_buffer_;
  IntrusiveList<ReadyList> active_;  // not empty, the one that waits longest first
  uint64_t set_aside_ = 0;
  struct Sorted {
    DocumentKey::Prefix prefix;
    KeyEntry* entry;
  };
  std::vector<Sorted> sorted_;  // of sort(), kept for its memory
};

}  // namespace ddsync
