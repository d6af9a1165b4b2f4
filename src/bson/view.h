// Borrowed views of BSON bytes. A view never owns: it is valid only as long as the buffer it was cut from.
// Thread-safety: immutable values, safe to share while the buffer lives.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace ddsync {

// How deep a walk goes into documents. Servers refuse those nested deeper than 200; what comes from a damaged
// buffer must not exhaust the stack.
inline constexpr int kNestingMax = 220;

// BSON type bytes, https://bsonspec.org/spec.html.
enum class BsonType : uint8_t {
  eod = 0x00,
  real = 0x01,
  string = 0x02,
  document = 0x03,
  array = 0x04,
  binary = 0x05,
  undefined = 0x06,
  object_id = 0x07,
  boolean = 0x08,
  date = 0x09,
  null = 0x0A,
  regex = 0x0B,
  db_pointer = 0x0C,
  code = 0x0D,
  symbol = 0x0E,
  code_with_scope = 0x0F,
  int32 = 0x10,
  timestamp = 0x11,
  int64 = 0x12,
  decimal128 = 0x13,
  max_key = 0x7F,
  min_key = 0xFF,
};

// One whole BSON document, its length prefix included. `size == 0` means "no document".
struct DocumentView {
  const uint8_t* data = nullptr;
  uint32_t size = 0;

  bool empty() const { return size == 0; }
  // Of a whole document: it is not {} (a length and the byte behind the last element).
  bool has_elements() const { return size > 5; }
  friend bool operator==(DocumentView a, DocumentView b) {
    return a.size == b.size && (a.size == 0 || std::memcmp(a.data, b.data, a.size) == 0);
  }
};

// One BSON value without its name: the bytes that follow type and name in an element.
// `type == eod` means "no value" (a null _id has `type == null` and `size == 0`).
struct ValueView {
  BsonType type = BsonType::eod;
  const uint8_t* data = nullptr;
  uint32_t size = 0;

  bool missing() const { return type == BsonType::eod; }
  friend bool operator==(ValueView a, ValueView b) {
    return a.type == b.type && a.size == b.size && (a.size == 0 || std::memcmp(a.data, b.data, a.size) == 0);
  }

  // Readers of the value. Call only when `type` says so (checked by the caller).
  DocumentView as_document() const { return {data, size}; }
  std::string_view as_string() const { return {reinterpret_cast<const char*>(data) + 4, size - 5}; }
  int32_t as_int32() const { return load<int32_t>(); }
  int64_t as_int64() const { return load<int64_t>(); }
  double as_double() const { return load<double>(); }
  bool as_bool() const { return data[0] != 0; }

 private:
  template <typename T>
  T load() const {
    T value;
    std::memcpy(&value, data, sizeof value);
    return value;
  }
};

// Walks the elements of one document. Every length is checked against the document's end: a damaged
// document ends the walk with `malformed()`, never a read outside the buffer.
class ElementCursor {
 public:
  explicit ElementCursor(DocumentView document);

  // Moves to the next element; false at the end or when the bytes are damaged.
  bool next();
  bool malformed() const { return malformed_; }

  std::string_view name() const { return name_; }
  const ValueView& value() const { return value_; }
  // Behind the present element.
  uint64_t bytes_left() const { return static_cast<uint64_t>(end_ - at_); }

 private:
  bool fail();

  const uint8_t* at_;
  const uint8_t* end_;
  bool malformed_ = false;
  std::string_view name_;
  ValueView value_;
};

// The first element called `name`, or a missing value.
ValueView find_value(DocumentView document, std::string_view name);

}  // namespace ddsync
