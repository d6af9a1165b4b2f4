// Namespaces, what is watched of them, and by how many streams.
#pragma once

#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ddsync {

struct Namespace {
  std::string database;
  std::string collection;  // may hold dots; empty for a whole database

  std::string name() const { return collection.empty() ? database : database + "." + collection; }
  friend auto operator<=>(const Namespace&, const Namespace&) = default;
};

// "database.collection", split at the first dot. Nothing when a part is missing.
std::optional<Namespace> parse_namespace(std::string_view text);

// admin, local, config and system.*: never synchronised.
bool is_system_namespace(std::string_view database, std::string_view collection);

// One entry of watch.collections or watch.exclude: `db.coll`, `db.*` or `*`.
struct NamespacePattern {
  std::string database;    // "" = every database
  std::string collection;  // "" = every collection

  bool matches(std::string_view db, std::string_view coll) const {
    return (database.empty() || database == db) && (collection.empty() || collection == coll);
  }
  std::string text() const;
  friend auto operator<=>(const NamespacePattern&, const NamespacePattern&) = default;
};

// `*`, `*.*`, `db.*` or `db.coll`; nothing when it is none of them.
std::optional<NamespacePattern> parse_pattern(std::string_view text);

enum class ScopeLevel : uint8_t { collection, database, cluster };

// What one change stream covers.
struct WatchScope {
  ScopeLevel level = ScopeLevel::collection;
  Namespace ns;  // collection level: both parts; database level: database only; cluster level: empty

  bool contains(std::string_view database, std::string_view collection) const {
    return level == ScopeLevel::cluster ||
           (ns.database == database && (level == ScopeLevel::database || ns.collection == collection));
  }
  // `db.coll`, `db.*` or `*`: the stream's name in logs, in status and in the state file.
  std::string name() const;
  friend auto operator<=>(const WatchScope&, const WatchScope&) = default;
};

// Which namespaces are in scope: included by one pattern, excluded by none, not a system namespace.
class NamespaceFilter {
 public:
  NamespaceFilter() = default;
  NamespaceFilter(std::vector<NamespacePattern> include, std::vector<NamespacePattern> exclude)
      : include_(std::move(include)), exclude_(std::move(exclude)) {}

  bool contains(std::string_view database, std::string_view collection) const;
  // Every collection of the database is in scope, also those that do not exist yet.
  bool contains_whole_database(std::string_view database) const;
  // Its patterns that can match in `scope`.
  NamespaceFilter within(const WatchScope& scope) const;
  // What is in scope of this one and not of `other`.
  NamespaceFilter without(std::shared_ptr<const NamespaceFilter> other) const;
  // What is in scope of both.
  NamespaceFilter common_with(const NamespaceFilter& other) const;
  // The patterns that may bring something into scope that is not in scope of `other`: of this one's those
  // that no pattern includes there, of the other's exclusions those that do not count here.
  std::vector<NamespacePattern> added_to(const NamespaceFilter& other) const;
  const std::vector<NamespacePattern>& include() const { return include_; }
  const std::vector<NamespacePattern>& exclude() const { return exclude_; }

 private:
  std::vector<NamespacePattern> include_;
  std::vector<NamespacePattern> exclude_;
  std::shared_ptr<const NamespaceFilter> but_;
};

}  // namespace ddsync
