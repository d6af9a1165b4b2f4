// Names of databases and collections, patterns of them, and what is in scope.
#include "engine/namespace.h"

#include <gtest/gtest.h>

namespace ddsync {
namespace {

NamespaceFilter filter(const std::vector<std::string>& include,
                       const std::vector<std::string>& exclude = {}) {
  const auto patterns = [](const std::vector<std::string>& texts) {
    std::vector<NamespacePattern> result;
    result.reserve(texts.size());
    for (const std::string& text : texts) result.push_back(parse_pattern(text).value());
    return result;
  };
  return {patterns(include), patterns(exclude)};
}

TEST(Namespace, IsSplitAtTheFirstDot) {
  EXPECT_EQ(parse_namespace("db.coll"), (Namespace{"db", "coll"}));
  EXPECT_EQ(parse_namespace("db.a.b"), (Namespace{"db", "a.b"}));
  for (const char* text : {"", ".", "db", "db.", ".coll"})
    EXPECT_EQ(parse_namespace(text), std::nullopt) << text;
}

TEST(Namespace, IsNamedByBothParts) {
  EXPECT_EQ((Namespace{"db", "a.b"}).name(), "db.a.b");
  EXPECT_EQ((Namespace{"db", ""}).name(), "db");
}

TEST(Pattern, IsACollectionADatabaseOrEverything) {
  EXPECT_EQ(parse_pattern("db.coll"), (NamespacePattern{"db", "coll"}));
  EXPECT_EQ(parse_pattern("db.*"), (NamespacePattern{"db", ""}));
  EXPECT_EQ(parse_pattern("*"), (NamespacePattern{"", ""}));
  EXPECT_EQ(parse_pattern("*.*"), (NamespacePattern{"", ""}));
  for (const char* text : {"", "db", "*.coll", "d*.coll", "db.c*", "db.**", "**", "*."})
    EXPECT_EQ(parse_pattern(text), std::nullopt) << text;
}

TEST(Pattern, IsReadBackFromItsText) {
  for (const char* text : {"db.coll", "db.a.b", "db.*", "*"}) EXPECT_EQ(parse_pattern(text)->text(), text);
}

TEST(Pattern, MatchesWholeNamesInTheirCase) {
  const NamespacePattern pattern{"db", "coll"};
  EXPECT_TRUE(pattern.matches("db", "coll"));
  EXPECT_FALSE(pattern.matches("db", "coll2"));
  EXPECT_FALSE(pattern.matches("db", "Coll"));
  EXPECT_FALSE(pattern.matches("db2", "coll"));
}

TEST(SystemNamespaces, AreThoseOfTheServerItself) {
  EXPECT_TRUE(is_system_namespace("admin", "x"));
  EXPECT_TRUE(is_system_namespace("local", "x"));
  EXPECT_TRUE(is_system_namespace("config", "x"));
  EXPECT_TRUE(is_system_namespace("db", "system.views"));
  EXPECT_FALSE(is_system_namespace("db", "systems"));
  EXPECT_FALSE(is_system_namespace("db", "a.system.b"));
  EXPECT_FALSE(is_system_namespace("administration", "x"));
}

TEST(Filter, TakesWhatOnePatternIncludesAndNoneExcludes) {
  const NamespaceFilter some = filter({"a.x", "b.*"}, {"b.tmp"});
  EXPECT_TRUE(some.contains("a", "x"));
  EXPECT_FALSE(some.contains("a", "y"));
  EXPECT_TRUE(some.contains("b", "anything.new"));
  EXPECT_FALSE(some.contains("b", "tmp"));
  EXPECT_FALSE(some.contains("c", "x"));
  EXPECT_FALSE(NamespaceFilter().contains("a", "x"));
}

TEST(Filter, NeverTakesSystemNamespaces) {
  const NamespaceFilter all = filter({"*"});
  EXPECT_TRUE(all.contains("a", "x"));
  EXPECT_FALSE(all.contains("admin", "x"));
  EXPECT_FALSE(all.contains("a", "system.views"));
}

// What a dropDatabase may be repeated as a whole for.
TEST(Filter, KnowsDatabasesThatAreInScopeAsAWhole) {
  EXPECT_TRUE(filter({"a.*"}).contains_whole_database("a"));
  EXPECT_TRUE(filter({"*"}, {"b.tmp"}).contains_whole_database("a"));
  EXPECT_FALSE(filter({"*"}, {"a.tmp"}).contains_whole_database("a"));
  EXPECT_FALSE(filter({"*"}, {"a.*"}).contains_whole_database("a"));
  EXPECT_FALSE(filter({"a.x", "a.y"}).contains_whole_database("a"));
  EXPECT_FALSE(filter({"a.*"}).contains_whole_database("b"));
  EXPECT_FALSE(filter({"*"}).contains_whole_database("admin"));
}

TEST(Filter, HasOnlyThePatternsOfItsScopeWithinIt) {
  const NamespaceFilter filter({{"a", "x"}, {"b", ""}, {"", ""}}, {{"a", "y"}, {"b", "z"}});
  const NamespaceFilter within = filter.within({ScopeLevel::database, {"a", ""}});
  EXPECT_EQ(within.include(), (std::vector<NamespacePattern>{{"a", "x"}, {"", ""}}));
  EXPECT_EQ(within.exclude(), (std::vector<NamespacePattern>{{"a", "y"}}));
  EXPECT_EQ(filter.within({ScopeLevel::cluster, {}}).include(), filter.include());
}

TEST(Filter, TellsWhatItTakesBeyondAnother) {
  const auto before =
      std::make_shared<NamespaceFilter>(std::vector<NamespacePattern>{{"a", "x"}, {"b", ""}},
                                        std::vector<NamespacePattern>{{"b", "y"}, {"b", "z"}});
  const NamespaceFilter now({{"a", "x"}, {"a", "w"}, {"b", ""}}, {{"b", "z"}});
  EXPECT_EQ(now.added_to(*before), (std::vector<NamespacePattern>{{"a", "w"}, {"b", "y"}}));
  EXPECT_TRUE(before->added_to(*before).empty());
  const NamespaceFilter narrower({{"b", "u"}, {"b", "z"}}, {});
  EXPECT_EQ(narrower.added_to(*before), (std::vector<NamespacePattern>{{"b", "z"}})) << "it was left out";

  const NamespaceFilter added = now.without(before);
  EXPECT_TRUE(added.contains("a", "w"));
  EXPECT_TRUE(added.contains("b", "y"));
  EXPECT_FALSE(added.contains("a", "x"));
  EXPECT_FALSE(added.contains("b", "other"));
  EXPECT_FALSE(added.contains("b", "z"));
  EXPECT_TRUE(now.without(nullptr).contains("a", "x"));
}

TEST(Filter, HasInCommonWithAnotherWhatBothTake) {
  const NamespaceFilter wide({{"a", ""}, {"b", "x"}}, {{"a", "y"}});
  const NamespaceFilter other({{"", ""}, {"a", "z"}}, {{"a", "w"}});
  const NamespaceFilter common = wide.common_with(other);
  for (const auto& [database, collection] : std::vector<std::pair<const char*, const char*>>{
           {"a", "z"}, {"a", "v"}, {"a", "y"}, {"a", "w"}, {"b", "x"}, {"b", "u"}, {"c", "x"}}) {
    EXPECT_EQ(common.contains(database, collection),
              wide.contains(database, collection) && other.contains(database, collection))
        << database << "." << collection;
  }
  EXPECT_EQ(wide.common_with(NamespaceFilter({{"a", "z"}}, {})).include(),
            (std::vector<NamespacePattern>{{"a", "z"}}));
}

TEST(WatchScope, IsNamedLikeItsPattern) {
  EXPECT_EQ((WatchScope{ScopeLevel::collection, {"db", "a.b"}}).name(), "db.a.b");
  EXPECT_EQ((WatchScope{ScopeLevel::database, {"db", ""}}).name(), "db.*");
  EXPECT_EQ((WatchScope{ScopeLevel::cluster, {}}).name(), "*");
}

}  // namespace
}  // namespace ddsync
