#include "sim/source.h"

#include <utility>

#include "bson/writer.h"

namespace ddsync::sim {

bool Source::insert(const Namespace& ns, ValueView id, const Content& content) {
  const Collection* collection = store_.find(ns);
  if (collection != nullptr && collection->find(identity_of(id)) != nullptr) return false;
  return write(EventKind::insert, ns, id, content);
}

bool Source::update(const Namespace& ns, const std::string& identity, const Content& content) {
  const std::string present = store_.document(ns, identity);
  if (present.empty()) return false;
  const OwnedValue id(find_value(view_of(present), "_id"));
  return write(log_.size() % 3 == 0 ? EventKind::replace : EventKind::update, ns, id.view(), content);
}

bool Source::write(EventKind kind, const Namespace& ns, ValueView id, const Content& content) {
  if (tells_all_) create(ns, 0);
  BsonWriter writer;
  writer.value("_id", id).int64("v", static_cast<int64_t>(log_.size() + 1));
  if (content.has_unique) writer.int32("u", content.unique);
  if (content.refused) writer.int32("refused", 1);
  if (content.padding > 0) writer.string("padding", std::string(content.padding, 'x'));
  auto image = std::make_shared<const std::string>(writer.finish());

  Collection& collection = store_.collection(ns);
  if (collection.upsert(id, view_of(*image), unique_index_) != Put::done) return false;
  Change& change = commit(kind, ns);
  change.life = collection.life;
  change.id = OwnedValue(id);
  versions_.insert(*image);
  change.image = std::move(image);
  return true;
}

bool Source::remove(const Namespace& ns, const std::string& identity) {
  const std::string present = store_.document(ns, identity);
  if (present.empty()) return false;
  Change& change = commit(EventKind::remove, ns);
  change.id = OwnedValue(find_value(view_of(present), "_id"));
  store_.collection(ns).erase(identity);
  return true;
}

bool Source::drop(const Namespace& ns) {
  if (!store_.drop(ns)) return false;
  commit(EventKind::drop, ns);
  return true;
}

bool Source::rename(const Namespace& from, const Namespace& to) {
  if (from == to || !store_.rename(from, to)) return false;
  Change& change = commit(EventKind::rename, from);
  change.to = to;
  change.life = store_.find(to)->life;
  if (renamed_is_another_) store_.begin_new_life(to);
  return true;
}

// As mongod: a drop of each collection, then the database's own event.
bool Source::drop_database(const std::string& database) {
  std::vector<Namespace> names;
  for (const auto& [ns, collection] : store_.collections()) {
    if (ns.database == database) names.push_back(ns);
  }
  if (names.empty()) return false;
  for (const Namespace& ns : names) drop(ns);
  commit(EventKind::drop_database, {database, ""});
  return true;
}

bool Source::create(const Namespace& ns, int64_t options) {
  if (store_.find(ns) != nullptr) return false;
  store_.collection(ns).options = options;
  commit(EventKind::create, ns).options = options;
  return true;
}

Collection* Source::present(const Namespace& ns) {
  return store_.find(ns) == nullptr ? nullptr : &store_.collection(ns);
}

bool Source::modify(const Namespace& ns, int64_t options) {
  Collection* collection = present(ns);
  if (collection == nullptr) return false;
  collection->options = options;
  commit(EventKind::modify, ns).options = options;
  return true;
}

bool Source::create_index(const Namespace& ns, const std::string& name) {
  Collection* collection = present(ns);
  if (collection == nullptr || (name == kUniqueIndex && collection->has_duplicates())) return false;
  if (!collection->indexes.insert(name).second) return false;
  Change& change = commit(EventKind::create_indexes, ns);
  change.index = name;
  change.life = collection->life;
  return true;
}

bool Source::drop_index(const Namespace& ns, const std::string& name) {
  Collection* collection = present(ns);
  if (collection == nullptr || collection->indexes.erase(name) == 0) return false;
  commit(EventKind::drop_indexes, ns).index = name;
  return true;
}

bool Source::ever_held(DocumentView document) const {
  return versions_.count({reinterpret_cast<const char*>(document.data), document.size}) > 0;
}

Change& Source::commit(EventKind kind, const Namespace& ns) {
  Change& change = log_.emplace_back();
  change.number = log_.size();
  change.kind = kind;
  change.ns = ns;
  return change;
}

}  // namespace ddsync::sim
