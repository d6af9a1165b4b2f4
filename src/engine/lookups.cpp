#include "engine/lookups.h"

#include <utility>

#include "bson/key.h"

namespace ddsync {
namespace {

constexpr size_t kRememberedMax = 10'000;  // of one namespace

std::string key_of(const NamespaceQueue& ns, ValueView id) { return canonical_key(id, ns.salt).bytes(); }

}  // namespace

Lookups::Lookups(const Checkpoint& resume_from, PendingOperations& pending, Suspects& suspects)
    : pending_(pending), suspects_(suspects) {
  for (const Namespace& name : resume_from.missed_lookups) {
    NamespaceQueue& ns = pending.queue(name.database, name.collection);
    missed_[ns.salt] = {&ns, {}, true};
  }
}

void Lookups::missed(NamespaceQueue& ns, ValueView id) {
  Missed& missed = missed_[ns.salt];
  missed.ns = &ns;
  if (missed.ids.size() >= kRememberedMax) {
    missed.incomplete = true;
    return;
  }
  missed.ids.insert_or_assign(key_of(ns, id), OwnedValue(id));
}

void Lookups::resolved(const NamespaceQueue& ns, ValueView id) {
  const auto found = missed_.find(ns.salt);
  if (found == missed_.end()) return;
  Missed& missed = found->second;
  missed.ids.erase(key_of(ns, id));
  if (missed.ids.empty() && !missed.incomplete) missed_.erase(found);
}

void Lookups::dropped(const Namespace& ns) {
  std::erase_if(missed_, [&](const auto& entry) { return entry.second.ns->ns == ns; });
}

void Lookups::dropped_database(const std::string& database) {
  std::erase_if(missed_, [&](const auto& entry) { return entry.second.ns->ns.database == database; });
}

void Lookups::renamed(const Namespace& from, const Namespace& to) {
  dropped(to);
  const auto found = missed_.find(pending_.queue(from.database, from.collection).salt);
  if (found == missed_.end()) return;
  const Missed missed = std::move(found->second);
  missed_.erase(found);
  NamespaceQueue& ns = pending_.queue(to.database, to.collection);
  for (const auto& [key, id] : missed.ids) suspects_.add(ns, id.view(), Suspects::Cause::not_told);
  if (missed.incomplete) suspects_.add_namespace(to);
}

void Lookups::caught_up(uint32_t stream, bool surely) {
  for (auto& [number, missed] : missed_) {
    if (missed.ns->stream != stream) continue;
    for (const auto& [key, id] : missed.ids) suspects_.add(*missed.ns, id.view(), Suspects::Cause::not_told);
    missed.ids.clear();
    if (surely) missed.incomplete = false;
  }
  std::erase_if(missed_,
                [](const auto& entry) { return entry.second.ids.empty() && !entry.second.incomplete; });
}

void Lookups::fill(Checkpoint& checkpoint) const {
  for (const auto& [number, missed] : missed_) checkpoint.missed_lookups.push_back(missed.ns->ns);
}

}  // namespace ddsync
