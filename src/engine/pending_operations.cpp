#include "engine/pending_operations.h"

#include <algorithm>
#include <utility>

#include "engine/planted_bug.h"

namespace ddsync {
namespace {

// Fewer operations than this are not worth a round trip of their own while others wait with them.
constexpr uint64_t kWorthACommand = 128;

// So many small lists go with one command, though other writers are free: less to do for all.
constexpr size_t kListsTogether = 16;

SendWindow& window_of(const KeyEntry& entry) { return entry.pending.oldest.batch->ledger->window(); }

uint64_t share(uint64_t ready, uint32_t free_writers) {
  const uint64_t even = (ready + free_writers - 1) / free_writers;
  return std::max(even, kWorthACommand);
}

}  // namespace

NamespaceQueue& PendingOperations::queue(std::string_view database, std::string_view collection) {
  name_buffer_.assign(database).append(1, '.').append(collection);
  if (const auto found = by_name_.find(name_buffer_); found != by_name_.end()) return *found->second;

  NamespaceQueue& ns = queues_.emplace_back();
  ns.ns = {std::string(database), std::string(collection)};
  ns.in_scope = filter_.contains(database, collection);
  ns.stream = stream_of(ns.ns);
  ns.salt = static_cast<uint32_t>(queues_.size());
  for (size_t kind = 0; kind < ns.ready.size(); ++kind) {
    ns.ready[kind].ns = &ns;
    ns.ready[kind].kind = static_cast<WriteKind>(kind);
  }
  by_name_.emplace(name_buffer_, &ns);
  return ns;
}

uint32_t PendingOperations::stream_of(const Namespace& ns) const {
  for (uint32_t i = 0; i < streams_.size(); ++i) {
    if (streams_[i].contains(ns.database, ns.collection)) return i;
  }
  return 0;  // out of scope: nothing is ever written to it
}

DocumentKey PendingOperations::key_of(const NamespaceQueue& ns, ValueView id) const {
  if (planted(PlantedBug::key_identity_by_bytes)) return bytewise_key(id, ns.salt);
  return canonical_key(id, ns.salt);
}

KeyEntry* PendingOperations::find(const NamespaceQueue& ns, ValueView id) const {
  return table_.find(key_of(ns, id), &ns);
}

bool PendingOperations::add(NamespaceQueue& ns, Operation operation) {
  ns.changes += 1;
  DocumentKey key = key_of(ns, operation.id);
  KeyEntry* entry = table_.find(key, &ns);
  if (planted(PlantedBug::two_writes_in_flight_on_one_key) && entry != nullptr && entry->in_flight)
    entry = nullptr;
  if (entry == nullptr) {
    entry = &table_.insert(std::move(key), &ns);
  } else {
    ns.ring_opened = false;  // a newer version may be part of another ring
  }

  const bool supersedes = entry->has_pending;
  if (supersedes) supersede(entry->pending, operation);
  const bool may_stay =
      supersedes && entry->place == Place::ready && entry->pending.kind_to_send() == operation.kind_to_send();
  if (!may_stay) detach(*entry);
  entry->pending = operation;
  entry->has_pending = true;
  if (!may_stay && !entry->in_flight) make_ready(*entry);
  return supersedes;
}

TakenBatch PendingOperations::take(const BatchLimits& limits, uint32_t free_writers) {
  TakenBatch batch;
  const size_t even = (ready_lists() + free_writers - 1) / free_writers;
  size_t lists = std::min<uint64_t>({limits.lists_max, ready_lists(), std::max(kListsTogether, even)});
  for (; lists > 0 && !active_.empty(); --lists) {
    ReadyList& list = *active_.front();
    const bool joins = !batch.entries.empty();
    if (joins && std::max(batch.entries.size(), list.entries.size()) >= kWorthACommand) break;
    const Taken taken = take_from(list, limits, share(list.entries.size(), free_writers), batch);
    if (taken == Taken::no_room) break;
    if (taken == Taken::none_allowed) batch.lists_that_wait += 1;
    if (!list.entries.empty()) {  // the others first
      active_.remove(list);
      active_.push_back(list);
    }
  }
  sort_parts(batch.entries);
  return batch;
}

PendingOperations::Taken PendingOperations::take_from(ReadyList& list, const BatchLimits& limits,
                                                      uint64_t most, TakenBatch& batch) {
  const size_t before = batch.entries.size();
  if (before >= limits.operations_max) return Taken::no_room;
  if (limits.now < list.ns->not_before) return Taken::none_allowed;
  const uint64_t count = std::min({most, limits.operations_max - before, list.entries.size()});
  Taken none = Taken::no_room;
  batch.entries.reserve(before + count);
  while (batch.entries.size() < before + count) {
    KeyEntry& entry = *list.entries.front();
    const uint64_t bytes = entry.pending.bytes();
    if (!batch.entries.empty() && batch.bytes + bytes > limits.bytes_max) break;
    SendWindow& window = window_of(entry);
    const uint64_t event = entry.pending.oldest.number();
    const bool allowed = window.allows(event);
    if (allowed) window.wants(event);
    batch.checkpoint_wanted = batch.checkpoint_wanted || window.narrow();
    if (!allowed && !planted(PlantedBug::sent_untold)) {
      none = Taken::none_allowed;
      break;
    }
    detach(entry);
    entry.flight = entry.pending;
    entry.in_flight = true;
    entry.has_pending = false;
    batch.bytes += bytes;
    batch.entries.push_back(&entry);
  }
  const std::span<KeyEntry*> taken = std::span(batch.entries).subspan(before);
  if (taken.empty()) return none;

  NamespaceQueue& ns = *list.ns;
  ns.in_flight += taken.size();
  if (list.kind == WriteKind::insert && ns.upserts_left > 0) {
    for (KeyEntry* entry : taken) entry->flight.kind = WriteKind::replace;
    ns.upserts_left -= std::min<uint64_t>(ns.upserts_left, taken.size());
  }
  return Taken::some;
}

// Of one stream's lists only the first of all: of a rare kind of change the next one may be far away, and the
// window must not reach that far.
bool PendingOperations::want_first_of_all() {
  for (const ReadyList* list = active_.front(); list != nullptr; list = list->next) {
    const KeyEntry& first = *list->entries.front();
    window_of(first).offer(first.pending.oldest.number());
  }
  bool narrow = false;
  for (const ReadyList* list = active_.front(); list != nullptr; list = list->next) {
    SendWindow& window = window_of(*list->entries.front());
    window.want_offered();
    narrow = narrow || window.narrow();
  }
  return narrow;
}

// Inserts that are sent as upserts form one part with the replacements behind them.
void PendingOperations::sort_parts(std::span<KeyEntry*> entries) {
  for (auto begin = entries.begin(); begin != entries.end();) {
    const auto end = std::find_if(begin, entries.end(),
                                  [&](const KeyEntry* entry) { return !same_part(**begin, *entry); });
    sort({begin, end});
    begin = end;
  }
}

// By key. Most comparisons are decided without a look at the entries.
void PendingOperations::sort(std::span<KeyEntry*> entries) {
  sorted_.clear();
  for (KeyEntry* entry : entries) sorted_.push_back({entry->key.prefix(), entry});
  const auto by_key = [](const Sorted& a, const Sorted& b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : a.entry->key < b.entry->key;
  };
  if (std::is_sorted(sorted_.begin(), sorted_.end(), by_key)) return;
  std::sort(sorted_.begin(), sorted_.end(), by_key);
  std::transform(sorted_.begin(), sorted_.end(), entries.begin(),
                 [](const Sorted& one) { return one.entry; });
}

EventRef PendingOperations::acknowledged(KeyEntry& entry) {
  NamespaceQueue& ns = *entry.ns;
  ns.changes += 1;
  if (entry.flight.remove_first) {
    entry.flight.remove_first = false;
    send_again(entry, WriteKind::insert);
    return {};
  }
  ns.ring_opened = false;
  const EventRef done = entry.flight.newest;
  land(entry);
  if (entry.has_pending) {
    make_ready(entry);
  } else {
    table_.erase(entry);
  }
  return done;
}

void PendingOperations::send_again(KeyEntry& entry, WriteKind kind) {
  land(entry);
  entry.flight.kind = kind;
  if (entry.has_pending) {
    supersede(entry.flight, entry.pending);
  } else {
    entry.pending = entry.flight;
    entry.has_pending = true;
  }
  make_ready(entry);
}

void PendingOperations::set_aside(KeyEntry& entry) {
  if (entry.has_pending) {  // a newer version may not have the value
    send_again(entry, entry.flight.kind);
    return;
  }
  land(entry);
  entry.pending = entry.flight;
  entry.has_pending = true;
  entry.place = Place::set_aside;
  entry.ns->set_aside.push_back(entry);
  ++set_aside_;
}

void PendingOperations::retry_set_aside(NamespaceQueue& ns) {
  ns.set_aside_tried_at = ns.changes;
  while (!ns.set_aside.empty()) {
    KeyEntry& entry = *ns.set_aside.front();
    detach(entry);
    make_ready(entry);
  }
}

void PendingOperations::open_ring(NamespaceQueue& ns) {
  ns.ring_opened = true;
  for (KeyEntry* entry = ns.set_aside.front(); entry != nullptr; entry = entry->next) {
    entry->pending.remove_first = true;
  }
  retry_set_aside(ns);
}

KeyEntry& PendingOperations::take_refused(NamespaceQueue& ns) {
  KeyEntry& entry = *ns.set_aside.front();
  detach(entry);
  entry.flight = entry.pending;
  entry.in_flight = true;
  entry.has_pending = false;
  ns.in_flight += 1;
  return entry;
}

void PendingOperations::make_ready(KeyEntry& entry) {
  ReadyList& list = entry.ns->ready[static_cast<size_t>(entry.pending.kind_to_send())];
  entry.place = Place::ready;
  if (list.entries.empty()) active_.push_back(list);
  list.entries.push_back(entry);
}

void PendingOperations::detach(KeyEntry& entry) {
  if (entry.place == Place::ready) {
    ReadyList& list = entry.ns->ready[static_cast<size_t>(entry.pending.kind_to_send())];
    list.entries.remove(entry);
    if (list.entries.empty()) active_.remove(list);
  } else if (entry.place == Place::set_aside) {
    entry.ns->set_aside.remove(entry);
    --set_aside_;
  }
  entry.place = Place::nowhere;
}

void PendingOperations::land(KeyEntry& entry) {
  entry.in_flight = false;
  entry.ns->in_flight -= 1;
}

}  // namespace ddsync
