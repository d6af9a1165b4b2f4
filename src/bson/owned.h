// Owned BSON: bytes that outlive the buffer they came from.
#pragma once

#include <string>

#include "bson/view.h"

namespace ddsync {

// A copy of one document. Empty means "no document".
class OwnedDocument {
 public:
  OwnedDocument() = default;
  explicit OwnedDocument(DocumentView view) : bytes_(reinterpret_cast<const char*>(view.data), view.size) {}

  bool empty() const { return bytes_.empty(); }
  DocumentView view() const {
    return {reinterpret_cast<const uint8_t*>(bytes_.data()), static_cast<uint32_t>(bytes_.size())};
  }
  friend bool operator==(const OwnedDocument&, const OwnedDocument&) = default;

 private:
  std::string bytes_;
};

// A copy of one value. Missing until it is given one.
class OwnedValue {
 public:
  OwnedValue() = default;
  explicit OwnedValue(ValueView view)
      : type_(view.type), bytes_(reinterpret_cast<const char*>(view.data), view.size) {}

  bool missing() const { return type_ == BsonType::eod; }
  ValueView view() const {
    return {type_, reinterpret_cast<const uint8_t*>(bytes_.data()), static_cast<uint32_t>(bytes_.size())};
  }
  friend bool operator==(const OwnedValue&, const OwnedValue&) = default;

 private:
  BsonType type_ = BsonType::eod;
  std::string bytes_;
};

// A server's resume token: opaque, kept whole, only ever compared for being the same bytes.
class ResumeToken {
 public:
  ResumeToken() = default;
  explicit ResumeToken(DocumentView token) : document_(token) {}

  bool empty() const { return document_.empty(); }
  DocumentView view() const { return document_.view(); }
  friend bool operator==(const ResumeToken&, const ResumeToken&) = default;

 private:
  OwnedDocument document_;
};

}  // namespace ddsync
