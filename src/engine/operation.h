// A pending write of one key, and how a newer event of the same key takes its place (coalescing).
#pragma once

#include <cstdint>

#include "bson/key.h"
#include "engine/intrusive_list.h"
#include "engine/ledger.h"
#include "engine/write.h"

namespace ddsync {

struct NamespaceQueue;

// Full documents are written, so the last operation on a key stands for all before it; it keeps the chain of
// events that its acknowledgement acknowledges.
struct Operation {
  WriteKind kind = WriteKind::insert;
  // Remove, then write: the stored _id must change its bytes (5 -> 5.0; servers keep the stored _id when they
  // replace), a ring of unique values has to be opened, or the target takes the document by an insert only.
  bool remove_first = false;
  // Among the operations that this one stands for were equal ids of other bytes: so may the stored one be.
  bool covers_other_id = false;
  ValueView id;
  DocumentView document;
  EventRef newest;  // chain of covered events: newest -> ... -> oldest
  EventRef oldest;

  WriteKind kind_to_send() const { return remove_first ? WriteKind::remove : kind; }
  uint64_t bytes() const { return id.size + (remove_first ? 0 : document.size) + kOverheadBytes; }

  static constexpr uint64_t kOverheadBytes = 96;  // of one statement around id and document
};

// `newer` stands for `older` too. `older` was never sent, or what became of it is not known or does not
// matter: every kind heals itself (an insert that finds the document becomes a replace).
inline void supersede(const Operation& older, Operation& newer) {
  newer.oldest.batch->slots[newer.oldest.index].covered = older.newest;
  newer.oldest = older.oldest;
  newer.covers_other_id = older.covers_other_id || older.remove_first || !(older.id == newer.id);
  if (newer.kind == WriteKind::remove) {
    newer.remove_first = false;
    return;
  }
  if (newer.covers_other_id) newer.remove_first = true;
  if (older.kind == WriteKind::insert) {
    newer.kind = WriteKind::insert;
  } else if (older.kind == WriteKind::remove) {
    newer.kind = WriteKind::replace;
  }
}

// Where the pending operation of a key waits.
enum class Place : uint8_t { nowhere, ready, set_aside };

// All that is known of one key while something of it is pending or in flight.
struct KeyEntry {
  DocumentKey key;
  NamespaceQueue* ns = nullptr;
  Operation flight;   // sent, or refused and on its way to the dead-letter store; valid when `in_flight`
  Operation pending;  // valid when `has_pending`
  bool in_flight = false;
  bool has_pending = false;
  Place place = Place::nowhere;  // of `pending`; nowhere while `in_flight` blocks it
  KeyEntry* previous = nullptr;  // neighbours in the list of `place`
  KeyEntry* next = nullptr;
};

using EntryList = IntrusiveList<KeyEntry>;

}  // namespace ddsync
