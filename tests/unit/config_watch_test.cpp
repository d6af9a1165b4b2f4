// watch.collections and watch.exclude.
#include <gtest/gtest.h>

#include "support/config_file.h"

namespace ddsync::config {
namespace {

std::string with_watch(std::string_view watch) {
  return std::string(test::kServers).append("watch: {").append(watch).append("}\n");  // line 3
}

std::vector<std::string> watched(std::string_view watch) {
  const auto config = test::ConfigFile(with_watch(watch)).load();
  EXPECT_TRUE(config) << test::problem_of(with_watch(watch));
  std::vector<std::string> names;
  if (!config) return names;
  for (const NamespacePattern& pattern : config->watch) names.push_back(pattern.text());
  for (const NamespacePattern& pattern : config->exclude) names.push_back("not " + pattern.text());
  return names;
}

using Names = std::vector<std::string>;

TEST(Watch, TakesCollectionsDatabasesAndEverything) {
  EXPECT_EQ(watched("collections: [db.coll]"), Names{"db.coll"});
  EXPECT_EQ(watched("collections: [db.a.b.c, 'db.*']"), (Names{"db.a.b.c", "db.*"}));
  EXPECT_EQ(watched("collections: ['*']"), Names{"*"});
  EXPECT_EQ(watched("collections: ['*.*']"), Names{"*"});
  EXPECT_EQ(watched("collections: ['*'], exclude: ['log.*', shop.tmp]"),
            (Names{"*", "not log.*", "not shop.tmp"}));
  EXPECT_EQ(watched("collections: [\"db.två ord\"]"), Names{"db.två ord"});
}

struct Refused {
  std::string_view watch;
  std::string_view told;
};

class WatchRefuses : public testing::TestWithParam<Refused> {};

TEST_P(WatchRefuses, WithTheReason) {
  EXPECT_EQ(test::problem_of(with_watch(GetParam().watch)), GetParam().told);
}

INSTANTIATE_TEST_SUITE_P(
    Lists, WatchRefuses,
    testing::Values(
        Refused{"collections: []",
                "3: watch.collections is empty; list database.collection, database.* or *"},
        Refused{"collections: ", "3: watch.collections is empty; list database.collection, database.* or *"},
        Refused{"scope: auto", "0: watch.collections is missing; list database.collection, database.* or *"},
        Refused{"collections: db.coll",
                "3: watch.collections: must be a list, one entry a line, each after '- '"},
        Refused{"collections: {db: coll}",
                "3: watch.collections: must be a list, one entry a line, each after '- '"},
        Refused{"collections: [nodot]",
                "3: watch.collections: 'nodot' is not database.collection, database.* or *"},
        Refused{"collections: [db.]",
                "3: watch.collections: 'db.' is not database.collection, database.* or *"},
        Refused{"collections: [.coll]",
                "3: watch.collections: '.coll' is not database.collection, database.* or *"},
        Refused{"collections: ['db.a*']",
                "3: watch.collections: 'db.a*' is not database.collection, database.* or *"},
        Refused{"collections: ['*.coll']",
                "3: watch.collections: '*.coll' is not database.collection, database.* or *"},
        Refused{"collections: ['my db.coll']",
                "3: watch.collections: 'my db.coll' cannot exist: a database name "
                "holds no blank, quote, slash, backslash or dollar sign"},
        Refused{"collections: ['db.coll ']",
                "3: watch.collections: 'db.coll ' cannot exist: it ends with a blank "
                "or has one after the dot"},
        Refused{"collections: [db.a, '']",
                "3: watch.collections: an entry is empty or not plain text; correct or remove it"},
        Refused{"collections: [db.a, [db.b]]",
                "3: watch.collections: an entry is empty or not plain text; correct or remove it"},
        Refused{"collections: [db.a, db.a]", "3: watch.collections: 'db.a' is listed twice; remove one"},
        Refused{"collections: [admin.x]",
                "3: watch.collections: 'admin.x' is a system namespace and never synchronised; remove it"},
        Refused{"collections: ['local.*']",
                "3: watch.collections: 'local.*' is a system namespace and never synchronised; remove it"},
        Refused{"collections: [db.system.views]",
                "3: watch.collections: 'db.system.views' is a system namespace and never synchronised; "
                "remove it"},
        Refused{"collections: [db.a], exclude: ['db.*']",
                "3: watch.collections: 'db.a' is excluded whole by 'db.*' of watch.exclude; remove one of "
                "the two"},
        Refused{"collections: [db.a], exclude: [b]",
                "3: watch.exclude: 'b' is not database.collection, database.* or *"},
        Refused{"collections: [db.a, 'db.*'], scope: collection",
                "3: watch.collections: 'db.*' cannot be watched with watch.scope: collection; list its "
                "collections, or use scope auto, database or cluster"},
        Refused{"collections: [db.a, 'db.*', '*'], scope: database",
                "3: watch.collections: '*' cannot be watched with watch.scope: database; list database.*, or "
                "use scope auto or cluster"},
        Refused{"collections: [db.a], scope: table",
                "3: watch.scope: 'table' is wrong; give one of auto, collection, database, cluster"}));

TEST(Watch, NamesTheLineOfEachEntry) {
  EXPECT_EQ(test::problems_of(std::string(test::kServers) +
                              "watch:\n  collections:\n    - a.b\n    - c\n    - d\n"),
            (Names{"6: watch.collections: 'c' is not database.collection, database.* or *",
                   "7: watch.collections: 'd' is not database.collection, database.* or *"}));
}

}  // namespace
}  // namespace ddsync::config
