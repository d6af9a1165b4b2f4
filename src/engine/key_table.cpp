#include "engine/key_table.h"

#include <utility>

namespace ddsync {
namespace {

constexpr size_t kFirstCells = 1024;
constexpr size_t kSlabEntries = 256;

}  // namespace

KeyTable::KeyTable() : cells_(kFirstCells), mask_(kFirstCells - 1) {}

KeyEntry* KeyTable::find(const DocumentKey& key, const NamespaceQueue* ns) const {
  for (uint64_t at = key.hash() & mask_; cells_[at].entry != nullptr; at = (at + 1) & mask_) {
    const Cell& cell = cells_[at];
    if (cell.hash == key.hash() && cell.entry->ns == ns && cell.entry->key == key) return cell.entry;
  }
  return nullptr;
}

KeyEntry& KeyTable::insert(DocumentKey key, NamespaceQueue* ns) {
  if ((size_ + 1) * 2 > cells_.size()) grow();
  KeyEntry* entry = allocate();
  entry->key = std::move(key);
  entry->ns = ns;
  place({entry->key.hash(), entry});
  ++size_;
  return *entry;
}

void KeyTable::erase(KeyEntry& entry) {
  uint64_t hole = entry.key.hash() & mask_;
  while (cells_[hole].entry != &entry) hole = (hole + 1) & mask_;
  // Close the gap: entries that were pushed behind it move forward (no tombstones).
  for (uint64_t at = (hole + 1) & mask_; cells_[at].entry != nullptr; at = (at + 1) & mask_) {
    const uint64_t home = cells_[at].hash & mask_;
    if (((at - home) & mask_) >= ((at - hole) & mask_)) {
      cells_[hole] = cells_[at];
      hole = at;
    }
  }
  cells_[hole] = {};
  --size_;
  // Its key and operations are written anew before they are valid again.
  entry.ns = nullptr;
  entry.in_flight = entry.has_pending = false;
  entry.place = Place::nowhere;
  entry.previous = nullptr;
  entry.next = free_;
  free_ = &entry;
}

void KeyTable::grow() {
  std::vector<Cell> old(cells_.size() * 2);
  old.swap(cells_);
  mask_ = cells_.size() - 1;
  for (const Cell& cell : old) {
    if (cell.entry != nullptr) place(cell);
  }
}

void KeyTable::place(Cell cell) {
  uint64_t at = cell.hash & mask_;
  while (cells_[at].entry != nullptr) at = (at + 1) & mask_;
  cells_[at] = cell;
}

KeyEntry* KeyTable::allocate() {
  if (free_ == nullptr) {
    slabs_.push_back(std::make_unique<KeyEntry[]>(kSlabEntries));
    KeyEntry* slab = slabs_.back().get();
    for (size_t i = kSlabEntries; i-- > 0;) {
      slab[i].next = free_;
      free_ = &slab[i];
    }
  }
  KeyEntry* entry = free_;
  free_ = entry->next;
  entry->next = nullptr;
  return entry;
}

}  // namespace ddsync
