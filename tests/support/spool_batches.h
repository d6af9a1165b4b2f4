// Batches for tests of the spool: recognisable by stream and sequence, of any size.
#pragma once

#include <bson/bson.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "state/spool.h"

namespace ddsync::test {

class OwnedBytes final : public BatchStorage {
 public:
  explicit OwnedBytes(std::string events, std::string token)
      : events_(std::move(events)), token_(std::move(token)) {}
  DocumentView events() const { return view(events_); }
  DocumentView token() const { return view(token_); }

 private:
  static DocumentView view(const std::string& bytes) {
    return {reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<uint32_t>(bytes.size())};
  }
  std::string events_;
  std::string token_;
};

inline RawBatch batch_of(std::string events, std::string token) {
  RawBatch batch;
  auto storage = std::make_unique<OwnedBytes>(std::move(events), std::move(token));
  batch.events = storage->events();
  batch.post_batch_token = storage->token();
  batch.bytes = batch.events.size + batch.post_batch_token.size;
  batch.storage = std::move(storage);
  return batch;
}

// A document `{"": text, n: number}`, as bytes.
inline std::string document(const std::string& text, uint64_t number) {
  bson_t bson = BSON_INITIALIZER;
  bson_append_binary(&bson, "", 0, BSON_SUBTYPE_BINARY, reinterpret_cast<const uint8_t*>(text.data()),
                     static_cast<uint32_t>(text.size()));
  bson_append_int64(&bson, "n", 1, static_cast<int64_t>(number));
  std::string bytes(reinterpret_cast<const char*>(bson_get_data(&bson)), bson.len);
  bson_destroy(&bson);
  return bytes;
}

// Bytes that no compression makes smaller, always the same ones for the same seed.
inline std::string noise(size_t size, uint64_t seed) {
  std::string bytes;
  bytes.reserve(size + 8);
  uint64_t state = seed + 0x9e3779b97f4a7c15;
  while (bytes.size() < size) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    bytes.append(reinterpret_cast<const char*>(&state), sizeof state);
  }
  bytes.resize(size);
  return bytes;
}

inline RawBatch numbered_batch(const std::string& scope, uint64_t sequence, size_t bytes) {
  return batch_of(document(scope + noise(bytes, sequence), sequence), document(scope, sequence));
}

inline StreamPosition numbered_position(const std::string& scope, uint64_t sequence) {
  StreamPosition position;
  position.kind = PositionKind::resume_after;
  const std::string token = document("after " + scope, sequence);
  position.token =
      ResumeToken({reinterpret_cast<const uint8_t*>(token.data()), static_cast<uint32_t>(token.size())});
  return position;
}

inline state::Result<void> append_numbered(state::Spool& spool, const std::string& scope, uint64_t sequence,
                                           size_t bytes) {
  return spool.append(scope, sequence, numbered_batch(scope, sequence, bytes),
                      numbered_position(scope, sequence));
}

// It is what append_numbered() stored, to the byte.
inline bool is_numbered(const state::Spool::Entry& entry, const std::string& scope, uint64_t sequence,
                        size_t bytes) {
  const RawBatch expected = numbered_batch(scope, sequence, bytes);
  return entry.batch.events == expected.events && entry.batch.post_batch_token == expected.post_batch_token &&
         entry.after == numbered_position(scope, sequence);
}

// Without the reserve, which has always the same size.
inline uint64_t folder_bytes(const std::string& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename() == "reserve") continue;
    std::error_code gone;  // a file that is being deleted
    const auto size = entry.file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace ddsync::test
