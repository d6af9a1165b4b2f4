// How many streams a watch list opens.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "config/config.h"
#include "config/watch_setting.h"

namespace ddsync::config {
namespace {

using Names = std::vector<std::string>;

Config watching(const Names& patterns, Scope scope = Scope::automatic) {
  Config config;
  config.scope = scope;
  for (const std::string& pattern : patterns) config.watch.push_back(parse_pattern(pattern).value());
  return config;
}

Names names_of(const std::vector<WatchScope>& scopes) {
  Names names;
  for (const WatchScope& scope : scopes) names.push_back(scope.name());
  std::sort(names.begin(), names.end());
  return names;
}

Names planned(const Config& config, const Names& durable = {}) {
  const auto plan = plan_streams(config, durable);
  return plan ? names_of(*plan) : Names{"refused: " + plan.error()};
}

std::string refusal(const Config& config, const Names& durable = {}) {
  const auto plan = plan_streams(config, durable);
  return plan ? "" : plan.error();
}

// database<from>.c, ... with `each` collections in each database.
Names collections(int databases, int each) {
  Names names;
  for (int database = 0; database < databases; ++database) {
    for (int i = 0; i < each; ++i) {
      names.push_back("d" + std::to_string(database) + ".c" + std::to_string(i));
    }
  }
  return names;
}

TEST(Plan, AFewCollectionsHaveAStreamEach) {
  EXPECT_EQ(planned(watching({"b.y", "a.x"})), (Names{"a.x", "b.y"}));
  EXPECT_EQ(planned(watching(collections(1, 32))).size(), 32U);
}

TEST(Plan, ManyCollectionsOfADatabaseShareOne) {
  EXPECT_EQ(planned(watching(collections(1, 33))), Names{"d0.*"});
  EXPECT_EQ(planned(watching(collections(2, 500))), (Names{"d0.*", "d1.*"}));
}

TEST(Plan, DatabasesWithFewCollectionsKeepAStreamForEach) {
  Names patterns = collections(1, 40);
  patterns.insert(patterns.end(), {"other.a", "other.b"});
  EXPECT_EQ(planned(watching(patterns)), (Names{"d0.*", "other.a", "other.b"}));
}

TEST(Plan, VeryManyDatabasesShareTheCluster) {
  EXPECT_EQ(planned(watching(collections(64, 5))).size(), 64U);
  EXPECT_EQ(planned(watching(collections(65, 5))), Names{"*"});
}

TEST(Plan, WiderPatternsTakeInNarrowerOnes) {
  EXPECT_EQ(planned(watching({"a.x", "a.*", "b.y"})), (Names{"a.*", "b.y"}));
  EXPECT_EQ(planned(watching({"a.x", "*", "b.*"})), Names{"*"});
}

TEST(Plan, AChosenScopeIsObeyed) {
  EXPECT_EQ(planned(watching(collections(1, 100), Scope::collection)).size(), 100U);
  EXPECT_EQ(planned(watching({"a.x", "a.y", "b.*"}, Scope::database)), (Names{"a.*", "b.*"}));
  EXPECT_EQ(planned(watching({"a.x"}, Scope::cluster)), Names{"*"});
}

TEST(Plan, StreamsWithAPositionAreKept) {
  EXPECT_EQ(planned(watching(collections(1, 33)), {"d0.*"}), Names{"d0.*"});
  EXPECT_EQ(planned(watching({"d0.c0"}), {"d0.*"}), Names{"d0.*"}) << "the list became shorter";
  EXPECT_EQ(planned(watching(collections(1, 33)), collections(1, 32)).size(), 33U)
      << "the list became longer";
  EXPECT_EQ(planned(watching(collections(1, 100)), collections(1, 32)).size(), 100U) << "much longer";
  EXPECT_EQ(planned(watching({"a.x"}), {"*"}), Names{"*"});
}

TEST(Plan, WhatAKeptStreamCoversDoesNotCountAsMany) {
  Names patterns = collections(1, 40);
  patterns.insert(patterns.end(), {"e.1", "e.2", "e.3", "e.4", "e.5"});
  EXPECT_EQ(planned(watching(patterns), {"d0.*"}), (Names{"d0.*", "e.1", "e.2", "e.3", "e.4", "e.5"}));
}

TEST(Plan, PositionsOfWhatIsNoLongerWatchedAreLeftOut) {
  EXPECT_EQ(planned(watching({"a.x"}), {"a.x", "b.y", "c.*"}), Names{"a.x"});
}

TEST(Plan, APositionThatCannotBeKeptIsNeverDroppedInSilence) {
  EXPECT_NE(refusal(watching({"a.*"}), {"a.x"}).find("the stream a.x"), std::string::npos);
  EXPECT_NE(refusal(watching({"*"}), {"a.*"}).find("the stream a.*"), std::string::npos);
  EXPECT_NE(refusal(watching({"a.x"}, Scope::database), {"a.x"}).find("--reset"), std::string::npos);
  EXPECT_NE(refusal(watching({"a.x"}, Scope::collection), {"a.*"}).find("the stream a.*"), std::string::npos);
}

// Every property below holds for any watch list and any state.
class RandomPlan {
 public:
  explicit RandomPlan(uint32_t seed) : random_(seed) {}

  void check();

 private:
  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }

  std::string random_pattern() {
    const int kind = below(40);
    if (kind == 0) return "*";
    const std::string database = "d" + std::to_string(below(databases_));
    return kind < 4 ? database + ".*" : database + ".c" + std::to_string(below(collections_));
  }

  std::vector<NamespacePattern> random_patterns(int count) {
    std::set<NamespacePattern> patterns;
    for (int i = 0; i < count; ++i) patterns.insert(parse_pattern(random_pattern()).value());
    return {patterns.begin(), patterns.end()};
  }

  Config random_config() {
    databases_ = below(4) == 0 ? 90 : 1 + below(6);
    collections_ = 1 + below(12);
    Config config;
    config.watch = random_patterns(1 + below(below(4) == 0 ? 200 : 12));
    config.exclude = random_patterns(below(3));
    constexpr std::array scopes = {Scope::automatic,  Scope::automatic, Scope::automatic,
                                   Scope::collection, Scope::database,  Scope::cluster};
    const Scope scope = scopes[static_cast<size_t>(below(scopes.size()))];
    const bool can_watch =
        std::all_of(config.watch.begin(), config.watch.end(),
                    [scope](const NamespacePattern& pattern) { return scope_fault(scope, pattern).empty(); });
    config.scope = can_watch ? scope : Scope::automatic;
    return config;
  }

  void expect_covered_once(const Config& config, const std::vector<WatchScope>& plan) const {
    const NamespaceFilter filter(config.watch, config.exclude);
    for (int database = 0; database < databases_; ++database) {
      for (int collection = 0; collection < collections_ + 1; ++collection) {
        const Namespace ns{"d" + std::to_string(database), "c" + std::to_string(collection)};
        if (!filter.contains(ns.database, ns.collection)) continue;
        const auto covering = std::count_if(plan.begin(), plan.end(), [&](const WatchScope& scope) {
          return parse_pattern(scope.name())->matches(ns.database, ns.collection);
        });
        EXPECT_EQ(covering, 1) << ns.name();
      }
    }
  }

  static void expect_no_overlap(const std::vector<WatchScope>& plan) {
    for (const WatchScope& a : plan) {
      for (const WatchScope& b : plan) {
        const NamespacePattern wide = parse_pattern(a.name()).value();
        EXPECT_TRUE(a == b || !wide.matches(b.ns.database, b.ns.collection))
            << a.name() << " and " << b.name();
      }
    }
  }

  std::mt19937 random_;
  int databases_ = 1;
  int collections_ = 1;
};

void RandomPlan::check() {
  const Config before = random_config();
  const auto first = plan_streams(before, {});
  ASSERT_TRUE(first) << first.error();
  expect_covered_once(before, *first);
  expect_no_overlap(*first);
  if (before.scope == Scope::automatic) {
    EXPECT_LE(first->size(), 64U);
  }
  EXPECT_EQ(planned(before, names_of(*first)), names_of(*first)) << "a restart changes nothing";

  Config after = before;
  after.watch = random_patterns(1 + below(30));
  after.scope = Scope::automatic;
  const auto second = plan_streams(after, names_of(*first));
  if (!second) return;
  expect_covered_once(after, *second);
  expect_no_overlap(*second);
  const Names kept = names_of(*second);
  for (const WatchScope& scope : *first) {
    const NamespacePattern narrow = parse_pattern(scope.name()).value();
    const bool watched =
        std::any_of(after.watch.begin(), after.watch.end(), [&](const NamespacePattern& pattern) {
          return pattern.matches(narrow.database, narrow.collection) ||
                 narrow.matches(pattern.database, pattern.collection);
        });
    EXPECT_EQ(std::binary_search(kept.begin(), kept.end(), scope.name()), watched) << scope.name();
  }
}

TEST(Plan, CoversEverythingInScopeOnceAndKeepsEveryPosition) {
  for (uint32_t seed = 0; seed < 2'000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomPlan(seed).check();
  }
}

}  // namespace
}  // namespace ddsync::config
