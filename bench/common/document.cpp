#include "common/document.h"

#include <cstdlib>
#include <cstring>
#include <string>

namespace ddsync::bench {
namespace {

// Where a value starts: behind the element's type and name.
constexpr size_t value_at(size_t element, size_t name_bytes) { return element + 1 + name_bytes; }

constexpr size_t kLengthBytes = 4;
constexpr size_t kIdOffset = value_at(kLengthBytes, sizeof("_id"));
constexpr size_t kVersionOffset = value_at(kIdOffset + sizeof(int64_t), sizeof("version"));
constexpr size_t kSentOffset = value_at(kVersionOffset + sizeof(int64_t), sizeof("sent_us"));
constexpr size_t kTextOffset = value_at(kSentOffset + sizeof(int64_t), sizeof("text")) + kLengthBytes;
constexpr size_t kEndBytes = 2;  // the string's NUL, the document's end

}  // namespace

Document::Document(uint32_t bytes) {
  if (bytes <= kTextOffset + kEndBytes) std::abort();
  std::string text(bytes - kTextOffset - kEndBytes, ' ');
  uint32_t random = 1;
  for (char& letter : text) {
    random = random * 1664525u + 1013904223u;
    letter = static_cast<char>('a' + (random >> 24) % 26);
  }
  bson_t* prepared = BCON_NEW("_id", BCON_INT64(0), "version", BCON_INT64(0), "sent_us", BCON_INT64(0),
                              "text", BCON_UTF8(text.c_str()));
  if (prepared->len != bytes) std::abort();
  bytes_.assign(bson_get_data(prepared), bson_get_data(prepared) + bytes);
  bson_destroy(prepared);
}

const bson_t* Document::make(int64_t id, int64_t version, int64_t sent_us) {
  patch(kIdOffset, id);
  patch(kVersionOffset, version);
  patch(kSentOffset, sent_us);
  if (!bson_init_static(&view_, bytes_.data(), bytes_.size())) std::abort();
  return &view_;
}

void Document::patch(size_t offset, int64_t value) {
  std::memcpy(bytes_.data() + offset, &value, sizeof value);
}

}  // namespace ddsync::bench
