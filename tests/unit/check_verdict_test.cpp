// What `documentdb-sync check` makes of what it sees; how it sees it: tests/integration/test_check.py.
#include <gtest/gtest.h>

#include "check/check.h"
#include "check/documents.h"
#include "check/history.h"
#include "check/local.h"
#include "check/rights.h"
#include "check/schema.h"
#include "check/servers.h"

namespace ddsync::check {
namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

mongo::ServerInfo documentdb(std::string version) {
  mongo::ServerInfo info;
  info.is_documentdb = true;
  info.version = std::move(version);
  return info;
}

TEST(KnownFaults, AreOfOldOpenEnginesOnly) {
  EXPECT_TRUE(has(known_faults(documentdb("0.107-0")), "lose a write"));
  EXPECT_TRUE(has(known_faults(documentdb("0.107-0")), "cursors can expire"));
  EXPECT_FALSE(has(known_faults(documentdb("0.108-0")), "lose a write"));
  EXPECT_TRUE(has(known_faults(documentdb("0.110-0")), "cursors can expire"));
  for (const char* version : {"0.111-0", "0.112", "0.200", "1.2", "", "0.", "0.x"})
    EXPECT_EQ(known_faults(documentdb(version)), "") << version;
  mongo::ServerInfo mongodb;
  mongodb.version = "0.107-0";
  EXPECT_EQ(known_faults(mongodb), "");
}

Side side(int64_t told_ms, int64_t asked_ms = 100'000, int64_t answered_ms = 103'000) {
  Side one{.role = "source",
           .endpoint = {},
           .info = mongo::ServerInfo{},
           .asked_ms = asked_ms,
           .answered_ms = answered_ms};
  one.info->local_time_ms = told_ms;
  return one;
}

TEST(Clocks, AreAsFarApartAsTheQuestionsOwnTimeDoesNotExplain) {
  EXPECT_EQ(clock_skew_ms(side(100'000)), 0);
  EXPECT_EQ(clock_skew_ms(side(103'000)), 0);
  EXPECT_EQ(clock_skew_ms(side(93'000)), -7'000);
  EXPECT_EQ(clock_skew_ms(side(110'000)), 7'000);
  EXPECT_EQ(clock_skew_ms(side(0)), 0) << "a server that tells no time";
}

TEST(Clocks, AreWarnedOfAboveFiveSecondsFromUsOrFromEachOther) {
  EXPECT_EQ(judge_clocks(side(108'000), side(95'001)).verdict, Verdict::warning)
      << "9,999 ms between the servers";
  EXPECT_EQ(judge_clocks(side(108'000), side(100'000)).verdict, Verdict::ok) << "5 s exactly";
  EXPECT_EQ(judge_clocks(side(108'001), side(100'000)).verdict, Verdict::warning);
  EXPECT_EQ(judge_clocks(side(100'000), side(94'999)).verdict, Verdict::warning);
  const Finding finding = judge_clocks(side(110'000), side(0));
  EXPECT_TRUE(has(finding.found, "+7.0 s")) << finding.found;
  EXPECT_TRUE(has(finding.found, "tells no time")) << finding.found;
}

TEST(History, ThatReachesBackLessThanAnHourIsWarnedOf) {
  const mongo::HistoryWindow window{.oldest_s = 1'000'000, .newest_s = 1'000'010};
  EXPECT_EQ(judge_history(window, 1'003'600).verdict, Verdict::ok);
  EXPECT_EQ(judge_history(window, 1'003'599).verdict, Verdict::warning);
  EXPECT_TRUE(has(judge_history(window, 1'000'072).found, "1m12s"));
  EXPECT_TRUE(has(judge_history(window, 999'000).found, "0s")) << "its clock is ahead of ours";
}

TEST(History, OfDocumentDBIsWhatIsKnownOfIt) {
  EXPECT_TRUE(has(history_of_documentdb(true).found, "400 MB"));
  EXPECT_TRUE(has(history_of_documentdb(false).found, "16 384"));
}

const std::vector<std::string> kReadWrite = {"find",
                                             "insert",
                                             "update",
                                             "remove",
                                             "createCollection",
                                             "dropCollection",
                                             "renameCollectionSameDB",
                                             "listCollections"};
using Names = std::vector<std::string>;

mongo::Privilege privilege(std::string database, std::string collection, std::vector<std::string> actions) {
  return {.any_resource = false,
          .database = std::move(database),
          .collection = std::move(collection),
          .actions = std::move(actions)};
}

TEST(TargetRights, OfTheWholeDatabaseAreEnoughForItAndItsCollections) {
  const std::vector<mongo::Privilege> privileges = {privilege("shop", "", kReadWrite)};
  EXPECT_EQ(missing_rights(privileges, {{"shop", "orders"}, {"shop", ""}}, false), Names{});
}

TEST(TargetRights, ThatAreMissingAreNamedForEachPattern) {
  const std::vector<mongo::Privilege> privileges = {
      privilege("shop", "",
                {"find", "listCollections", "createCollection", "dropCollection", "renameCollectionSameDB"}),
      privilege("shop", "orders", {"insert", "update", "remove"})};
  EXPECT_EQ(missing_rights(privileges, {{"shop", "orders"}, {"shop", "items"}}, false),
            Names{"shop.items: insert, update, remove"});
  EXPECT_EQ(missing_rights(privileges, {{"shop", ""}}, false), Names{"shop.*: insert, update, remove"});
}

TEST(TargetRights, IncludeIndexesWhereTheyAreCarriedOver) {
  EXPECT_EQ(missing_rights({privilege("shop", "", kReadWrite)}, {{"shop", ""}}, true),
            Names{"shop.*: listIndexes, createIndex, dropIndex"});
}

TEST(TargetRights, ForEverythingNeedPrivilegesOnEverything) {
  EXPECT_EQ(missing_rights({privilege("shop", "", kReadWrite)}, {{"", ""}}, false).size(), 1U);
  EXPECT_EQ(missing_rights({privilege("", "", kReadWrite)}, {{"", ""}, {"shop", "orders"}}, false), Names{});
  mongo::Privilege any = privilege("", "", {"anyAction"});
  any.any_resource = true;
  EXPECT_EQ(missing_rights({any}, {{"", ""}}, false), Names{});
}

TEST(TargetRights, OfACollectionDoNotCoverWhatIsGrantedOnDatabasesOnly) {
  EXPECT_EQ(missing_rights({privilege("shop", "orders", kReadWrite)}, {{"shop", "orders"}}, false),
            Names{"shop.orders: renameCollectionSameDB, listCollections"});
}

DocumentCounts counts(uint64_t source, uint64_t target, bool has_state = false) {
  return {.collections = 1,
          .source = source,
          .target = target,
          .not_empty = target > 0 ? Names{"shop.orders"} : Names{},
          .has_state = has_state};
}

config::InitialSync copy(config::InitialSyncMode mode,
                         config::TargetNotEmpty not_empty = config::TargetNotEmpty::refuse) {
  config::InitialSync settings;
  settings.mode = mode;
  settings.target_not_empty = not_empty;
  return settings;
}

TEST(Documents, ThatNobodyWillCopyAreWarnedOfBeforeTheFirstStart) {
  using enum config::InitialSyncMode;
  EXPECT_EQ(judge_documents(counts(5, 0), copy(off)).verdict, Verdict::warning);
  EXPECT_EQ(judge_documents(counts(0, 5), copy(off)).verdict, Verdict::ok);
  EXPECT_EQ(judge_documents(counts(5, 5, true), copy(off)).verdict, Verdict::ok) << "not the first start";
  EXPECT_EQ(judge_documents(counts(5, 0), copy(automatic)).verdict, Verdict::ok);
}

TEST(Documents, OfATargetThatIsNotEmptyAreJudgedAsTheConfigurationSays) {
  using enum config::InitialSyncMode;
  EXPECT_EQ(judge_documents(counts(5, 5), copy(automatic)).verdict, Verdict::problem);
  EXPECT_EQ(judge_documents(counts(5, 5), copy(automatic, config::TargetNotEmpty::merge)).verdict,
            Verdict::ok);
  EXPECT_EQ(judge_documents(counts(5, 5), copy(automatic, config::TargetNotEmpty::drop)).verdict,
            Verdict::warning);
  EXPECT_EQ(judge_documents(counts(5, 5, true), copy(automatic)).verdict, Verdict::ok) << "copied before";
  EXPECT_EQ(judge_documents(counts(5, 5, true), copy(always)).verdict, Verdict::problem) << "copied again";
}

TEST(Documents, AreToldInTotalAndWithTheCollectionsThatAreNotEmpty) {
  DocumentCounts many = counts(1'234'567, 12);
  many.collections = 300;
  EXPECT_EQ(judge_documents(many, {}).found,
            "300 collections: 1 234 567 documents on the source, 12 on the target, in shop.orders");
  EXPECT_EQ(judge_documents(counts(1, 0), {}).found,
            "1 collection: 1 document on the source, 0 on the target");
}

TEST(Disk, IsWarnedOfWhenItCannotHoldTheSpoolOrTheState) {
  constexpr uint64_t gib = uint64_t{1} << 30;
  EXPECT_EQ(judge_disk(10 * gib, 10 * gib, 10 * gib).verdict, Verdict::ok);
  const Finding spool = judge_disk(10 * gib, 10 * gib, 11 * gib);
  EXPECT_EQ(spool.verdict, Verdict::warning);
  EXPECT_TRUE(has(spool.remedy, "spool.limit"));
  EXPECT_EQ(judge_disk(10 * gib, 0, 0).verdict, Verdict::ok) << "no spool needs no room";
  EXPECT_FALSE(has(judge_disk(10 * gib, 0, 0).found, "spool"));
  EXPECT_TRUE(has(judge_disk(1 << 20, 10 * gib, 0).remedy, "state.directory"));
}

TEST(ConfigurationProblems, AreEachARowWithTheirLine) {
  const Findings findings =
      configuration_problems("c.yaml", {{.line = 3, .text = "wrong"}, {.line = 0, .text = "missing"}});
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].found, "c.yaml:3: wrong");
  EXPECT_EQ(findings[1].found, "c.yaml: missing");
  EXPECT_EQ(worst(findings), Verdict::problem);
  EXPECT_EQ(configuration_problems("c", std::vector<config::Problem>(1'000)).size(), 100U);
}

TEST(SchemaVerdict, IsAProblemOnlyWhereACopyWouldStop) {
  config::Config config;
  const std::vector<std::string> lost = {"db.c: capped: refused"};
  EXPECT_EQ(judge_schema(2, {}, config).verdict, Verdict::ok);
  EXPECT_EQ(judge_schema(2, lost, config).verdict, Verdict::warning);
  config.initial_sync.mode = config::InitialSyncMode::automatic;
  EXPECT_EQ(judge_schema(2, lost, config).verdict, Verdict::problem);
  EXPECT_TRUE(has(judge_schema(2, lost, config).found, "capped"));
  config.schema_unsupported = config::Unsupported::warn;
  EXPECT_EQ(judge_schema(2, lost, config).verdict, Verdict::warning);
}

}  // namespace
}  // namespace ddsync::check
