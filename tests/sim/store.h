// The documents of one simulated server. Identity of an _id is reckoned here anew, not by the product's
// canonical keys: a bug of theirs must not hide itself.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "bson/view.h"
#include "engine/namespace.h"

namespace ddsync::sim {

inline std::string bytes_of(DocumentView document) {
  return {reinterpret_cast<const char*>(document.data), document.size};
}

// The ids of the workload are whole numbers in several types, strings and documents of one number.
std::string identity_of(ValueView id);

// The UUID of a collection's life, as a BSON value.
std::string uuid_value(uint64_t life);
inline ValueView uuid_view(const std::string& value) {
  return {BsonType::binary, reinterpret_cast<const uint8_t*>(value.data()),
          static_cast<uint32_t>(value.size())};
}

// The value under the unique index, when the document has one.
std::optional<int32_t> unique_value(DocumentView document);

// The index that allows each value of `u` once; others have no effect.
inline constexpr const char* kUniqueIndex = "u";

enum class Put : uint8_t { done, duplicate_id, duplicate_unique };

class Collection {
 public:
  // A put that meets an equal _id of other bytes keeps the stored one, as servers do.
  Put insert(ValueView id, DocumentView document, bool unique_index);
  Put upsert(ValueView id, DocumentView document, bool unique_index);
  bool erase(const std::string& identity);

  const std::string* find(const std::string& identity) const;
  bool has_duplicates() const;
  const std::map<std::string, std::string>& documents() const { return documents_; }

  uint64_t life = 0;  // tells a collection from an earlier one of the same name (its UUID)
  std::set<std::string> indexes;
  int64_t options = 0;

 private:
  void store(const std::string& identity, std::string bytes);

  std::map<std::string, std::string> documents_;        // by identity
  std::map<int32_t, std::set<std::string>> by_unique_;  // identities
};

class Store {
 public:
  // Made when it is not there.
  Collection& collection(const Namespace& ns);
  const Collection* find(const Namespace& ns) const;
  std::string document(const Namespace& ns, const std::string& identity) const;

  bool drop(const Namespace& ns) { return collections_.erase(ns) > 0; }
  // An existing `to` is replaced; a missing `from` is no change.
  bool rename(const Namespace& from, const Namespace& to);
  // It is another one from here on (secantusd-py 0.7: by a rename).
  void begin_new_life(const Namespace& ns) { collection(ns).life = ++lives_; }
  const std::map<Namespace, Collection>& collections() const { return collections_; }

 private:
  std::map<Namespace, Collection> collections_;
  uint64_t lives_ = 0;
};

}  // namespace ddsync::sim
