// Key -> what is pending or in flight of it. Open addressing over pointers into a slab: one probe and no
// allocation for a key in the steady state. Nothing depends on addresses: it is never iterated.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/operation.h"

namespace ddsync {

class KeyTable {
 public:
  KeyTable();

  // The entry of the key in this namespace, or none.
  KeyEntry* find(const DocumentKey& key, const NamespaceQueue* ns) const;
  // A new entry; the key must not be there.
  KeyEntry& insert(DocumentKey key, NamespaceQueue* ns);
  void erase(KeyEntry& entry);
  uint64_t size() const { return size_; }

 private:
  struct Cell {
    uint64_t hash = 0;
    KeyEntry* entry = nullptr;
  };

  void grow();
  void place(Cell cell);
  KeyEntry* allocate();

  std::vector<Cell> cells_;  // a power of two
  uint64_t mask_ = 0;
  uint64_t size_ = 0;
  std::vector<std::unique_ptr<KeyEntry[]>> slabs_;
  KeyEntry* free_ = nullptr;  // linked through `next`
};

}  // namespace ddsync
