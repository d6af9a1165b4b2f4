#include "sim/store.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "bson/writer.h"

namespace ddsync::sim {
namespace {

std::string number_identity(int64_t number) { return "n" + std::to_string(number); }

// `document` with the bytes of `id` in place of its own _id, which stands first.
std::string with_id(DocumentView document, ValueView id) {
  BsonWriter writer;
  ElementCursor field(document);
  while (field.next()) writer.value(field.name(), field.name() == "_id" ? id : field.value());
  return writer.finish();
}

}  // namespace

std::string identity_of(ValueView id) {
  if (id.type == BsonType::int32) return number_identity(id.as_int32());
  if (id.type == BsonType::int64) return number_identity(id.as_int64());
  if (id.type == BsonType::real && std::trunc(id.as_double()) == id.as_double())
    return number_identity(static_cast<int64_t>(id.as_double()));
  if (id.type == BsonType::string) return "s" + std::string(id.as_string());
  if (id.type == BsonType::document) {
    std::string identity = "d";
    ElementCursor field(id.as_document());
    while (field.next()) identity.append(field.name()).append(identity_of(field.value()));
    return identity;
  }
  std::string identity(1, static_cast<char>(id.type));
  return identity.append(reinterpret_cast<const char*>(id.data), id.size);
}

std::optional<int32_t> unique_value(DocumentView document) {
  const ValueView value = find_value(document, "u");
  if (value.type != BsonType::int32) return std::nullopt;
  return value.as_int32();
}

Put Collection::insert(ValueView id, DocumentView document, bool unique_index) {
  const std::string identity = identity_of(id);
  if (documents_.count(identity) > 0) return Put::duplicate_id;
  return upsert(id, document, unique_index);
}

Put Collection::upsert(ValueView id, DocumentView document, bool unique_index) {
  const std::string identity = identity_of(id);
  const bool unique = unique_index || indexes.count(kUniqueIndex) > 0;
  if (const auto value = unique_value(document); unique && value) {
    const auto holders = by_unique_.find(*value);
    if (holders != by_unique_.end() && (holders->second.size() > 1 || holders->second.count(identity) == 0))
      return Put::duplicate_unique;
  }
  const auto present = documents_.find(identity);
  if (present == documents_.end()) {
    store(identity, bytes_of(document));
    return Put::done;
  }
  const DocumentView before = view_of(present->second);
  store(identity, with_id(document, find_value(before, "_id")));
  return Put::done;
}

void Collection::store(const std::string& identity, std::string bytes) {
  erase(identity);
  if (const auto value = unique_value(view_of(bytes))) by_unique_[*value].insert(identity);
  documents_[identity] = std::move(bytes);
}

bool Collection::erase(const std::string& identity) {
  const auto present = documents_.find(identity);
  if (present == documents_.end()) return false;
  if (const auto value = unique_value(view_of(present->second))) {
    std::set<std::string>& holders = by_unique_[*value];
    holders.erase(identity);
    if (holders.empty()) by_unique_.erase(*value);
  }
  documents_.erase(present);
  return true;
}

std::string uuid_value(uint64_t life) {
  constexpr int32_t length = 16;
  constexpr char subtype = 4;
  std::string value(sizeof length + 1 + length, '\0');
  std::memcpy(value.data(), &length, sizeof length);
  value[sizeof length] = subtype;
  std::memcpy(value.data() + sizeof length + 1, &life, sizeof life);
  return value;
}

bool Collection::has_duplicates() const {
  return std::any_of(by_unique_.begin(), by_unique_.end(),
                     [](const auto& holders) { return holders.second.size() > 1; });
}

const std::string* Collection::find(const std::string& identity) const {
  const auto present = documents_.find(identity);
  return present == documents_.end() ? nullptr : &present->second;
}

Collection& Store::collection(const Namespace& ns) {
  Collection& found = collections_[ns];
  if (found.life == 0) found.life = ++lives_;
  return found;
}

const Collection* Store::find(const Namespace& ns) const {
  const auto present = collections_.find(ns);
  return present == collections_.end() ? nullptr : &present->second;
}

std::string Store::document(const Namespace& ns, const std::string& identity) const {
  const Collection* collection = find(ns);
  const std::string* bytes = collection == nullptr ? nullptr : collection->find(identity);
  return bytes == nullptr ? std::string() : *bytes;
}

bool Store::rename(const Namespace& from, const Namespace& to) {
  const auto present = collections_.find(from);
  if (present == collections_.end()) return false;
  Collection moved = std::move(present->second);
  collections_.erase(present);
  collections_[to] = std::move(moved);
  return true;
}

}  // namespace ddsync::sim
