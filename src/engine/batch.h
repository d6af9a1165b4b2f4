// A batch as a stream delivered it: one buffer, viewed by everything that comes of it.
#pragma once

#include <cstdint>
#include <memory>

#include "bson/view.h"
#include "engine/position.h"

namespace ddsync {

// Owns the bytes of one reply. The engine keeps it as long as an event of it is not acknowledged.
class BatchStorage {
 public:
  virtual ~BatchStorage() = default;
};

struct RawBatch {
  std::unique_ptr<BatchStorage> storage;
  DocumentView events;            // BSON array of change events; may be empty ([])
  DocumentView post_batch_token;  // empty when the server gave none
  uint32_t bytes = 0;             // size of the storage, for the memory limit
};

struct BatchSize {
  uint64_t events = 0;
  uint64_t bytes = 0;
  uint64_t largest = 0;  // event, in bytes
};

}  // namespace ddsync
