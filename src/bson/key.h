// Identity of a document's _id as the server sees it.
//
// 1, 1.0, NumberLong(1) and NumberDecimal("1") are one _id, so are 0 and -0.0, every NaN, and a string and
// a symbol of the same text; embedded documents compare field by field, in order, with the same rules
// (MongoDB's BSON comparison order; measured on DocumentDB and secantusd: a second insert gets 11000).
// Two ids get the same key bytes exactly when the server holds them for equal.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "bson/view.h"

namespace ddsync {

class DocumentKey {
 public:
  DocumentKey() = default;

  const std::string& bytes() const { return bytes_; }
  uint64_t hash() const { return hash_; }

  // The first 16 bytes as numbers: where two keys differ in them, the numbers' order is the keys'.
  using Prefix = std::array<uint64_t, 2>;
  Prefix prefix() const {
    Prefix prefix{};
    std::memcpy(prefix.data(), bytes_.data(), std::min(bytes_.size(), sizeof prefix));
    return {__builtin_bswap64(prefix[0]), __builtin_bswap64(prefix[1])};
  }

  // Any fixed total order will do: it only has to be the same in every batch.
  friend bool operator<(const DocumentKey& a, const DocumentKey& b) { return a.bytes_ < b.bytes_; }
  friend bool operator==(const DocumentKey& a, const DocumentKey& b) {
    return a.hash_ == b.hash_ && a.bytes_ == b.bytes_;
  }

 private:
  friend DocumentKey canonical_key(ValueView id, uint32_t namespace_salt);
  friend DocumentKey bytewise_key(ValueView id, uint32_t namespace_salt);
  std::string bytes_;
  uint64_t hash_ = 0;
};

// The key of `id`. `namespace_salt` goes into the hash only: keys of different namespaces spread in one
// table.
DocumentKey canonical_key(ValueView id, uint32_t namespace_salt = 0);

// The key that a naive implementation would use: type and bytes. Only the simulator's planted bug calls it.
DocumentKey bytewise_key(ValueView id, uint32_t namespace_salt = 0);

}  // namespace ddsync
