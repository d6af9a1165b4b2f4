#include "engine/namespace.h"

#include <algorithm>
#include <set>
#include <utility>

namespace ddsync {
namespace {

bool any_matches(const std::vector<NamespacePattern>& patterns, std::string_view database,
                 std::string_view collection) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const NamespacePattern& pattern) { return pattern.matches(database, collection); });
}

// Of two names of which "" stands for all.
bool meet(const std::string& one, const std::string& other) {
  return one.empty() || other.empty() || one == other;
}
bool meet(const NamespacePattern& one, const NamespacePattern& other) {
  return meet(one.database, other.database) && meet(one.collection, other.collection);
}

// Of two that meet.
NamespacePattern common(const NamespacePattern& one, const NamespacePattern& other) {
  return {one.database.empty() ? other.database : one.database,
          one.collection.empty() ? other.collection : one.collection};
}

// All that `wanted` matches, one of `patterns` matches.
bool any_holds(const std::vector<NamespacePattern>& patterns, const NamespacePattern& wanted) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const NamespacePattern& pattern) {
    return meet(pattern, wanted) && common(pattern, wanted) == wanted;
  });
}

}  // namespace

std::optional<Namespace> parse_namespace(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == text.size()) return std::nullopt;
  return Namespace{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

bool is_system_namespace(std::string_view database, std::string_view collection) {
  if (database == "admin" || database == "local" || database == "config") return true;
  return collection.substr(0, 7) == "system.";
}

std::string NamespacePattern::text() const {
  if (database.empty()) return "*";
  return database + "." + (collection.empty() ? "*" : collection);
}

std::optional<NamespacePattern> parse_pattern(std::string_view text) {
  if (text == "*" || text == "*.*") return NamespacePattern{};
  const std::optional<Namespace> ns = parse_namespace(text);
  if (!ns || ns->database.find('*') != std::string::npos) return std::nullopt;
  if (ns->collection == "*") return NamespacePattern{ns->database, ""};
  if (ns->collection.find('*') != std::string::npos) return std::nullopt;
  return NamespacePattern{ns->database, ns->collection};
}

bool NamespaceFilter::contains(std::string_view database, std::string_view collection) const {
  if (is_system_namespace(database, collection)) return false;
  return any_matches(include_, database, collection) && !any_matches(exclude_, database, collection) &&
         (but_ == nullptr || !but_->contains(database, collection));
}

bool NamespaceFilter::contains_whole_database(std::string_view database) const {
  if (is_system_namespace(database, "")) return false;
  const auto whole = [&](const NamespacePattern& pattern) {
    return pattern.collection.empty() && (pattern.database.empty() || pattern.database == database);
  };
  const auto touches = [&](const NamespacePattern& pattern) {
    return pattern.database.empty() || pattern.database == database;
  };
  return std::any_of(include_.begin(), include_.end(), whole) &&
         std::none_of(exclude_.begin(), exclude_.end(), touches);
}

NamespaceFilter NamespaceFilter::within(const WatchScope& scope) const {
  const auto elsewhere = [&](const NamespacePattern& pattern) {
    return scope.level != ScopeLevel::cluster && !pattern.database.empty() &&
           pattern.database != scope.ns.database;
  };
  NamespaceFilter filter = *this;
  std::erase_if(filter.include_, elsewhere);
  std::erase_if(filter.exclude_, elsewhere);
  return filter;
}

NamespaceFilter NamespaceFilter::without(std::shared_ptr<const NamespaceFilter> other) const {
  NamespaceFilter filter = *this;
  filter.but_ = std::move(other);
  return filter;
}

NamespaceFilter NamespaceFilter::common_with(const NamespaceFilter& other) const {
  std::set<NamespacePattern> include;
  for (const NamespacePattern& one : include_)
    for (const NamespacePattern& another : other.include_)
      if (meet(one, another)) include.insert(common(one, another));
  std::set<NamespacePattern> exclude(exclude_.begin(), exclude_.end());
  exclude.insert(other.exclude_.begin(), other.exclude_.end());
  return {{include.begin(), include.end()}, {exclude.begin(), exclude.end()}};
}

std::vector<NamespacePattern> NamespaceFilter::added_to(const NamespaceFilter& other) const {
  std::vector<NamespacePattern> added;
  for (const NamespacePattern& pattern : include_)
    if (!any_holds(other.include_, pattern)) added.push_back(pattern);
  for (const NamespacePattern& pattern : other.exclude_) {
    const bool is_meant = std::any_of(include_.begin(), include_.end(),
                                      [&](const NamespacePattern& one) { return meet(one, pattern); });
    if (is_meant && !any_holds(exclude_, pattern)) added.push_back(pattern);
  }
  return added;
}

std::string WatchScope::name() const {
  switch (level) {
    case ScopeLevel::cluster:
      return "*";
    case ScopeLevel::database:
      return ns.database + ".*";
    case ScopeLevel::collection:
      return ns.name();
  }
  return {};
}

}  // namespace ddsync
