#include "bson/key.h"

#include <string_view>

#include "bson/key_encoding.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ddsync {
namespace {

using key_encoding::append_decimal128;
using key_encoding::append_double;
using key_encoding::append_integer;
using key_encoding::append_plain;
using key_encoding::append_tag;
using key_encoding::Tag;

constexpr char kField = 1;
constexpr char kEnd = 0;

void append_sized(std::string& out, std::string_view bytes) {
  append_plain(out, static_cast<uint32_t>(bytes.size()));
  out.append(bytes);
}

std::string_view bytes_of(ValueView value) { return {reinterpret_cast<const char*>(value.data), value.size}; }

void append_value(std::string& out, ValueView value, int depth);

void append_raw(std::string& out, ValueView value) {
  append_tag(out, Tag::raw);
  out.push_back(static_cast<char>(value.type));
  append_sized(out, bytes_of(value));
}

// Fields in order with their names; of an array only the values, as the servers compare it. False = damaged.
bool append_fields(std::string& out, DocumentView document, bool names, int depth) {
  ElementCursor cursor(document);
  while (cursor.next()) {
    out.push_back(kField);
    if (names) {
      out.append(cursor.name());
      out.push_back(kEnd);
    }
    append_value(out, cursor.value(), depth + 1);
  }
  out.push_back(kEnd);
  return !cursor.malformed();
}

void append_document(std::string& out, ValueView value, int depth) {
  const size_t start = out.size();
  const bool is_array = value.type == BsonType::array;
  append_tag(out, is_array ? Tag::array : Tag::document);
  if (depth < kNestingMax && append_fields(out, value.as_document(), !is_array, depth)) return;
  out.resize(start);
  append_raw(out, value);
}

void append_code_with_scope(std::string& out, ValueView value, int depth) {
  constexpr uint32_t kTotalSize = 4;
  const ValueView code{BsonType::code, value.data + kTotalSize, value.size - kTotalSize};
  const auto code_size = static_cast<uint32_t>(ValueView{BsonType::int32, code.data, 4}.as_int32());
  if (code_size < 1 || code_size > code.size - 4) return append_raw(out, value);
  const uint32_t scope_at = 4 + code_size;
  const size_t start = out.size();
  append_tag(out, Tag::code_with_scope);
  append_sized(out, bytes_of(code).substr(4, code_size - 1));
  const DocumentView scope{code.data + scope_at, code.size - scope_at};
  if (!scope.empty() && depth < kNestingMax && append_fields(out, scope, true, depth)) return;
  out.resize(start);
  append_raw(out, value);
}

void append_tagged(std::string& out, Tag tag, ValueView value) {
  append_tag(out, tag);
  out.append(bytes_of(value));
}

void append_value(std::string& out, ValueView value, int depth) {
  switch (value.type) {
    case BsonType::object_id:
      return append_tagged(out, Tag::object_id, value);
    case BsonType::int32:
      return append_integer(out, value.as_int32());
    case BsonType::int64:
      return append_integer(out, value.as_int64());
    case BsonType::real:
      return append_double(out, value.as_double());
    case BsonType::decimal128:
      return append_decimal128(out, value.data);
    case BsonType::string:
    case BsonType::symbol:
      append_tag(out, Tag::string);
      return append_sized(out, value.as_string());
    case BsonType::code:
      append_tag(out, Tag::code);
      return append_sized(out, value.as_string());
    case BsonType::document:
    case BsonType::array:
      return append_document(out, value, depth);
    case BsonType::binary:
      append_tag(out, Tag::binary);
      return append_sized(out, bytes_of(value));
    case BsonType::boolean:
      return append_tag(out, value.as_bool() ? Tag::true_value : Tag::false_value);
    case BsonType::date:
      return append_tagged(out, Tag::date, value);
    case BsonType::timestamp:
      return append_tagged(out, Tag::timestamp, value);
    case BsonType::regex:
      return append_tagged(out, Tag::regex, value);
    case BsonType::db_pointer:
      return append_tagged(out, Tag::db_pointer, value);
    case BsonType::code_with_scope:
      return append_code_with_scope(out, value, depth);
    case BsonType::null:
      return append_tag(out, Tag::null);
    case BsonType::undefined:
      return append_tag(out, Tag::undefined);
    case BsonType::min_key:
      return append_tag(out, Tag::min_key);
    case BsonType::max_key:
      return append_tag(out, Tag::max_key);
    case BsonType::eod:
      break;
  }
}

uint64_t hash_bytes(const std::string& bytes, uint32_t salt) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), salt);
}

}  // namespace

DocumentKey canonical_key(ValueView id, uint32_t namespace_salt) {
  DocumentKey key;
  if (id.type == BsonType::string || id.type == BsonType::symbol) {
    const std::string_view text = id.as_string();
    key.bytes_.reserve(1 + text.size());
    append_tag(key.bytes_, Tag::whole_string);
    key.bytes_.append(text);
  } else {
    append_value(key.bytes_, id, 0);
  }
  key.hash_ = hash_bytes(key.bytes_, namespace_salt);
  return key;
}

DocumentKey bytewise_key(ValueView id, uint32_t namespace_salt) {
  DocumentKey key;
  key.bytes_.reserve(1 + id.size);
  key.bytes_.push_back(static_cast<char>(id.type));
  key.bytes_.append(bytes_of(id));
  key.hash_ = hash_bytes(key.bytes_, namespace_salt);
  return key;
}

}  // namespace ddsync
