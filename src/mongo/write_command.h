// Write batches as commands, raw BSON in, and what the server's replies mean. Pure; internal to mongo/.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/write.h"

namespace ddsync::mongo {

// A command document may be larger than a document by this (BSONObjMaxInternalSize of mongod): one document
// of the largest size fits with its envelope.
inline constexpr uint64_t kCommandBytesMax = (16u << 20) + (16u << 10);
// What the driver adds: $db, lsid, $clusterTime, writeConcern.
inline constexpr uint64_t kDriverBytesMax = 2u << 10;

// Builds commands into one buffer that is used again.
class WriteCommand {
 public:
  // insert, update (replace with upsert) or delete, unordered. Valid until the next call.
  // `transaction_number` goes into the command of a fenced writer.
  DocumentView build(const WriteBatch& batch, std::optional<int64_t> transaction_number);

 private:
  void append_operation(WriteKind kind, const WriteOp& operation, std::string_view index);
  void append_replacement(const WriteOp& operation);
  void append_bytes(const void* data, size_t size);
  void append_name(BsonType type, std::string_view name);
  size_t open(BsonType type, std::string_view name);
  void close(size_t start);

  std::vector<uint8_t> bytes_;
};

// The outcome that a reply tells. Write concern errors fail the batch: done somewhere, proven nowhere.
WriteOutcome parse_write_reply(DocumentView reply, size_t operations);

// The outcome of a command that failed as a whole. One that must be split and holds one operation only is
// that operation's error.
WriteOutcome failed_outcome(Error error, size_t operations);

}  // namespace ddsync::mongo
