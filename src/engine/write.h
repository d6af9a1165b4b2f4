// Writes for the target: one command each, of one collection and one kind where the target takes no more.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "bson/view.h"
#include "engine/error.h"
#include "engine/ids.h"
#include "engine/namespace.h"

namespace ddsync {

enum class WriteKind : uint8_t {
  insert,   // unordered insert of `document`
  replace,  // unordered replace by _id with upsert
  remove,   // unordered delete by _id, limit 1
};

// Views into batches that the engine keeps alive until WriteFinished was given to it.
struct WriteOp {
  ValueView id;
  DocumentView document;  // empty for remove
};

// Operations that stand next to each other in a batch.
struct WritePart {
  WriteKind kind = WriteKind::insert;
  Namespace ns;
  uint32_t operations = 0;
};

struct WriteBatch {
  WriterId writer;
  BatchId id;
  std::vector<WritePart> parts;  // never none; more than one only with TargetLimits::takes_many_parts
  // Of each part sorted by key: unsorted concurrent batches deadlock DocumentDB.
  std::vector<WriteOp> operations;
  uint64_t bytes = 0;  // sum of ids and documents
  // 1 = first try. A later try goes through the same writer, whose session refuses the late duplicate of
  // an earlier one by its higher transaction number where the target honours that.
  uint32_t attempt = 1;
};

struct OperationError {
  uint32_t index = 0;  // into WriteBatch::operations
  Error error;
};

// The answer to a write batch. Operations without an error of their own were acknowledged, unless `failed`.
struct WriteOutcome {
  bool failed = false;  // the command as a whole: `error` says why, nothing is known of single operations
  Error error;
  std::vector<OperationError> operation_errors;  // ascending index
};

// What the target can take, from its `hello`.
struct TargetLimits {
  uint32_t operations_max = 25'000;
  uint64_t message_bytes_max = 16u << 20;
  uint64_t document_bytes_max = 16u << 20;
  // The target refuses a late duplicate of a retried batch (225) when the transaction number is higher. Not
  // counted on where the batch has several parts: secantusd-py 0.7.0b3 does not look at the number of a
  // bulkWrite.
  bool refuses_late_writes = false;
  // One command can carry writes of several kinds to several collections: `bulkWrite`, MongoDB 8.0.
  bool takes_many_parts = false;
  // It writes its own time in place of an empty timestamp at the top of a document, unless it is told not to.
  bool replaces_empty_timestamps = false;

  bool operator==(const TargetLimits&) const = default;
};

}  // namespace ddsync
