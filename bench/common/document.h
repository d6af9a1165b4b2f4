// The benchmark's documents: 900 bytes unless said otherwise, made by patching one prepared document, so that
// making them costs next to nothing. {_id: int64, version: int64, sent_us: int64, text: string}
#pragma once

#include <mongoc/mongoc.h>

#include <cstdint>
#include <vector>

namespace ddsync::bench {

inline constexpr uint32_t kDocumentBytes = 900;

class Document {
 public:
  // `bytes`: of the whole document, at least 100.
  explicit Document(uint32_t bytes = kDocumentBytes);

  // Valid until the next call.
  const bson_t* make(int64_t id, int64_t version, int64_t sent_us);

 private:
  void patch(size_t offset, int64_t value);

  std::vector<uint8_t> bytes_;
  bson_t view_;
};

}  // namespace ddsync::bench
