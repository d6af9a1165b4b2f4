// Write batches as commands, raw BSON in. Pure; internal to mongo/.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/write.h"

namespace ddsync::mongo {

inline constexpr uint64_t kDocumentBytesMax = 16u << 20;
// A command document may be larger than a document by this (BSONObjMaxInternalSize of mongod): one document
// of the largest size fits with its envelope.
inline constexpr uint64_t kCommandBytesMax = kDocumentBytesMax + (16u << 10);
// What the driver adds: $db, lsid, $clusterTime, writeConcern.
inline constexpr uint64_t kDriverBytesMax = 2u << 10;

// Whether this code says no more of a replacement than that it names its _id, which has to stand before a
// name that begins with `$`.
bool is_refused_for_its_names(const WriteOp& operation, int code);

// Builds commands into one buffer that is used again.
class WriteCommand {
 public:
  // `keep_empty_timestamps`: the target is told to leave Timestamp(0, 0) as it is (MongoDB 8.0 and later;
  // SERVER-88750).
  explicit WriteCommand(bool keep_empty_timestamps = false) : keep_empty_timestamps_(keep_empty_timestamps) {}

  // insert, update (replace with upsert) or delete, unordered; of a batch of several parts bulkWrite, for the
  // database `admin`. Valid until the next call. `transaction_number` goes into the command of a fenced
  // writer; `past_validators` makes the target take documents whatever its validators say.
  DocumentView build(const WriteBatch& batch, std::optional<int64_t> transaction_number,
                     bool past_validators = false);

 private:
  void reserve(const WriteBatch& batch);
  void append_statements(const WriteBatch& batch);
  void append_statement(WriteKind kind, const WriteOp& operation, std::string_view index);
  void append_bulk(const WriteBatch& batch);
  void append_bulk_statement(WriteKind kind, int32_t collection, const WriteOp& operation,
                             std::string_view index);
  void append_query(std::string_view name, const ValueView& id);
  void append_replacement(std::string_view name, const WriteOp& operation);
  void append_text(std::string_view name, std::string_view text);
  void append_int32(std::string_view name, int32_t number);
  void append_boolean(std::string_view name, bool value);
  void append_bytes(const void* data, size_t size);
  void append_name(BsonType type, std::string_view name);
  size_t open(BsonType type, std::string_view name);
  void close(size_t start);

  bool keep_empty_timestamps_;
  std::vector<uint8_t> bytes_;
};

}  // namespace ddsync::mongo
