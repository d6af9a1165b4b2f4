// What `documentdb-sync check` makes of what it sees; how it sees it: tests/integration/test_check.py.
#include <gtest/gtest.h>

#include <algorithm>

#include "check/check.h"
#include "check/copy_extent.h"
#include "check/documents.h"
#include "check/history.h"
#include "check/limits.h"
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
           .owned = {},
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

TEST(History, ThatBeginsAfterTheStateWasSavedOrSoonWillIsWarnedOf) {
  const mongo::HistoryWindow window{.oldest_s = 1'000'000, .newest_s = 1'004'000};
  const auto judged = [&](int64_t saved_at_s) { return judge_saved(window, 1'004'000, saved_at_s); };
  EXPECT_EQ(judged(1'001'001), std::nullopt) << "less than three quarters of what the source has";
  EXPECT_TRUE(has(judged(1'001'000).value().remedy, "catch up"));
  EXPECT_TRUE(has(judged(1'000'000).value().remedy, "catch up"));
  EXPECT_TRUE(has(judged(999'999).value().remedy, "may be lost"));
  EXPECT_TRUE(has(judged(999'999).value().found, "saved 1h06m ago"));
  EXPECT_EQ(judge_saved(window, 1'000'500, 1'000'000), std::nullopt) << "a restart beside a new source";
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

const std::vector<std::string_view> kDocuments = target_actions(false);
const std::vector<std::string_view> kWithIndexes = target_actions(true);

mongo::Privilege privilege(std::string database, std::string collection, std::vector<std::string> actions) {
  return {.any_resource = false,
          .database = std::move(database),
          .collection = std::move(collection),
          .actions = std::move(actions)};
}

TEST(TargetRights, OfTheWholeDatabaseAreEnoughForItAndItsCollections) {
  const std::vector<mongo::Privilege> privileges = {privilege("shop", "", kReadWrite)};
  EXPECT_EQ(missing_rights(privileges, {{"shop", "orders"}, {"shop", ""}}, kDocuments), Names{});
}

TEST(TargetRights, ThatAreMissingAreNamedForEachPattern) {
  const std::vector<mongo::Privilege> privileges = {
      privilege("shop", "",
                {"find", "listCollections", "createCollection", "dropCollection", "renameCollectionSameDB"}),
      privilege("shop", "orders", {"insert", "update", "remove"})};
  EXPECT_EQ(missing_rights(privileges, {{"shop", "orders"}, {"shop", "items"}}, kDocuments),
            Names{"shop.items: insert, update, remove"});
  EXPECT_EQ(missing_rights(privileges, {{"shop", ""}}, kDocuments), Names{"shop.*: insert, update, remove"});
}

TEST(TargetRights, IncludeIndexesWhereTheyAreCarriedOver) {
  EXPECT_EQ(missing_rights({privilege("shop", "", kReadWrite)}, {{"shop", ""}}, kWithIndexes),
            Names{"shop.*: listIndexes, createIndex, dropIndex"});
}

TEST(TargetRights, ForEverythingNeedPrivilegesOnEverything) {
  EXPECT_EQ(missing_rights({privilege("shop", "", kReadWrite)}, {{"", ""}}, kDocuments).size(), 1U);
  EXPECT_EQ(missing_rights({privilege("", "", kReadWrite)}, {{"", ""}, {"shop", "orders"}}, kDocuments),
            Names{});
  mongo::Privilege any = privilege("", "", {"anyAction"});
  any.any_resource = true;
  EXPECT_EQ(missing_rights({any}, {{"", ""}}, kDocuments), Names{});
}

TEST(Rights, AreJudgedByWhatTheServersTell) {
  config::Config config;
  config.watch = {{"shop", "orders"}};
  config.indexes = config::Indexes::off;
  EXPECT_EQ(
      judge_source_rights({"syncer", {privilege("shop", "", {"find", "changeStream"})}}, config).verdict,
      Verdict::ok);
  const Finding source = judge_source_rights({"syncer", {privilege("shop", "", {"find"})}}, config);
  EXPECT_EQ(source.verdict, Verdict::problem);
  EXPECT_EQ(source.found, "the user syncer lacks shop.orders: changeStream");
  EXPECT_EQ(judge_target_rights({"syncer", {privilege("shop", "", kReadWrite)}}, config).verdict,
            Verdict::ok);
  EXPECT_EQ(judge_target_rights({"syncer", {privilege("shop", "", {"find"})}}, config).verdict,
            Verdict::problem);
}

TEST(TargetRights, OfACollectionDoNotCoverWhatIsGrantedOnDatabasesOnly) {
  EXPECT_EQ(missing_rights({privilege("shop", "orders", kReadWrite)}, {{"shop", "orders"}}, kDocuments),
            Names{"shop.orders: renameCollectionSameDB, listCollections"});
}

DocumentCounts counts(uint64_t source, uint64_t target) {
  DocumentCounts counts;
  counts.collections = 1;
  counts.source = source;
  counts.target = target;
  counts.lacking = source - std::min(source, target);
  return counts;
}

// ... and all of it is to be copied.
DocumentCounts copied(uint64_t source, uint64_t target) {
  DocumentCounts all = counts(source, target);
  all.copied_collections = 1;
  all.copied = source;
  all.in_the_way = target;
  if (target > 0) all.not_empty = {"shop.orders"};
  return all;
}

config::InitialSync copy(CopyMode mode, config::TargetNotEmpty not_empty = config::TargetNotEmpty::refuse) {
  config::InitialSync settings;
  settings.mode = mode;
  settings.target_not_empty = not_empty;
  return settings;
}

TEST(Documents, ThatTheTargetLacksAndNobodyWillCopyAreWarnedOf) {
  using enum CopyMode;
  const Finding lacking = judge_documents(counts(5, 2), copy(off));
  EXPECT_EQ(lacking.verdict, Verdict::warning);
  EXPECT_TRUE(has(lacking.found, "the target lacks 3 documents")) << lacking.found;
  EXPECT_TRUE(has(lacking.remedy, "--initial-sync")) << lacking.remedy;
  EXPECT_EQ(judge_documents(counts(5, 5), copy(off)).verdict, Verdict::ok) << "filled by other means";
  EXPECT_EQ(judge_documents(copied(5, 0), copy(automatic)).verdict, Verdict::ok);
}

TEST(Documents, InTheWayOfACopyAreJudgedAsTheConfigurationSays) {
  using enum CopyMode;
  const Finding refused = judge_documents(copied(5, 1), copy(automatic));
  EXPECT_EQ(refused.verdict, Verdict::problem);
  EXPECT_TRUE(has(refused.found, "the target holds 1 document in shop.orders")) << refused.found;
  EXPECT_EQ(judge_documents(copied(5, 5), copy(always)).verdict, Verdict::problem);
  EXPECT_EQ(judge_documents(copied(5, 5), copy(automatic, config::TargetNotEmpty::merge)).verdict,
            Verdict::ok);
  const Finding dropped = judge_documents(copied(5, 1'234), copy(automatic, config::TargetNotEmpty::drop));
  EXPECT_EQ(dropped.verdict, Verdict::warning);
  EXPECT_TRUE(has(dropped.remedy, "1 234 documents of the target will be deleted, in shop.orders"))
      << dropped.remedy;
  EXPECT_EQ(judge_documents(copied(5, 0), copy(automatic, config::TargetNotEmpty::drop)).verdict,
            Verdict::ok);
}

TEST(Documents, ThatAreFewerOnTheTargetThoughAPositionIsSavedAreWarnedOf) {
  using enum CopyMode;
  DocumentCounts fewer = counts(212, 111);
  fewer.has_state = true;
  fewer.lacking = 0;
  fewer.fewer = {"shop.orders (0 of 101)"};
  for (const CopyMode mode : {off, automatic}) {
    const Finding finding = judge_documents(fewer, copy(mode));
    EXPECT_EQ(finding.verdict, Verdict::warning);
    EXPECT_TRUE(has(finding.found, "the target holds fewer in shop.orders (0 of 101)")) << finding.found;
    EXPECT_TRUE(has(finding.remedy, "is behind")) << finding.remedy;
    EXPECT_TRUE(
        has(finding.remedy, "--reset --initial-sync with initial_sync.target_not_empty: merge or drop"));
  }
  fewer.in_the_way = 1;
  EXPECT_EQ(judge_documents(fewer, copy(automatic, config::TargetNotEmpty::merge)).verdict, Verdict::warning)
      << "another collection is to be copied";
}

TEST(Documents, AreToldInTotalAndWithWhatIsToBeCopied) {
  DocumentCounts many = copied(1'234'567, 0);
  many.collections = 300;
  many.target = 12;
  many.copied = 7;
  EXPECT_EQ(
      judge_documents(many, copy(CopyMode::automatic)).found,
      "300 collections: 1 234 567 documents on the source, 12 on the target; 7 documents of 1 collection "
      "are to be copied");
  DocumentCounts later = counts(1, 0);
  later.has_state = true;
  EXPECT_TRUE(has(judge_documents(later, copy(CopyMode::automatic)).found,
                  "nothing is to be copied: all streams have a saved position"));
  later.copy_goes_on = true;
  EXPECT_TRUE(has(judge_documents(later, copy(CopyMode::automatic)).found, "goes on"));
}

TEST(Documents, AreNotJudgedWhereThereMayBeAState) {
  DocumentCounts unknown = copied(51, 51);
  unknown.state_unknown = true;
  for (const auto rule : {config::TargetNotEmpty::refuse, config::TargetNotEmpty::drop}) {
    const Finding finding = judge_documents(unknown, copy(CopyMode::automatic, rule));
    EXPECT_EQ(finding.verdict, Verdict::warning);
    EXPECT_TRUE(has(finding.found, "51 documents on the source, 51 on the target")) << finding.found;
    EXPECT_TRUE(has(finding.remedy, "cannot be judged until the state can be read")) << finding.remedy;
    EXPECT_FALSE(has(finding.found + finding.remedy, "empty these") || has(finding.remedy, "deleted"));
  }
}

config::Config watching(CopyMode mode) {
  config::Config config;
  config.watch = {{"shop", "orders"}, {"shop", "items"}};
  config.initial_sync.mode = mode;
  return config;
}

StreamCheckpoint saved(std::string scope, StreamCopy copy = StreamCopy::none) {
  StreamCheckpoint stream;
  stream.scope = std::move(scope);
  stream.position.kind = PositionKind::resume_after;
  stream.copy = copy;
  return stream;
}

TEST(CopyExtent, IsWhatHasNoSavedPositionUnlessAllIsAskedFor) {
  using enum CopyMode;
  Checkpoint state;
  state.streams = {saved("shop.orders")};
  const Namespace orders{"shop", "orders"};
  const Namespace items{"shop", "items"};
  const CopyExtent rest = copy_extent(watching(automatic), state).value();
  EXPECT_TRUE(rest.only_follows(orders));
  EXPECT_FALSE(rest.only_follows(items));
  EXPECT_TRUE(rest.copies(items)) << "new in the watch list";
  EXPECT_TRUE(copy_extent(watching(automatic), std::nullopt).value().copies(orders));
  EXPECT_TRUE(copy_extent(watching(always), state).value().copies(orders));
  EXPECT_TRUE(copy_extent(watching(off), std::nullopt).value().begun.empty());
  state.streams[0].gap_reason = "lost";
  EXPECT_FALSE(copy_extent(watching(always), state).value().copies(orders)) << "a gap";
}

TEST(CopyExtent, IsWhatIsAddedUnderAStreamThatHasAPosition) {
  using enum CopyMode;
  Checkpoint state;
  state.streams = {saved("shop.*")};
  state.watched = {
      {"shop.*", std::make_shared<NamespaceFilter>(std::vector<NamespacePattern>{{"shop", "orders"}},
                                                   std::vector<NamespacePattern>{})}};
  const auto extent = [&](CopyMode mode) {
    config::Config config = watching(mode);
    config.scope = config::Scope::database;
    return copy_extent(config, state).value();
  };
  const Namespace orders{"shop", "orders"};
  const Namespace items{"shop", "items"};
  for (const StreamCopy copy : {StreamCopy::none, StreamCopy::planning, StreamCopy::catching_up}) {
    state.streams[0].copy = copy;
    EXPECT_TRUE(extent(automatic).copies(items));
    EXPECT_FALSE(extent(automatic).copies(orders));
  }
  state.streams[0].copy = StreamCopy::none;
  EXPECT_FALSE(extent(off).copies(items));
  EXPECT_TRUE(extent(off).leaves_out(items));
  EXPECT_FALSE(extent(off).leaves_out(orders));
  state.streams[0].copy = StreamCopy::planning;
  EXPECT_FALSE(extent(off).copies(items)) << "the plan is given up";
  EXPECT_TRUE(extent(always).copies(orders));
}

TEST(CopyExtent, LeavesACopyThatIsUnderWay) {
  using enum CopyMode;
  Checkpoint state;
  state.streams = {saved("shop.orders", StreamCopy::copying), saved("shop.items", StreamCopy::planning)};
  const Namespace orders{"shop", "orders"};
  const Namespace items{"shop", "items"};
  const CopyExtent extent = copy_extent(watching(off), state).value();
  EXPECT_TRUE(extent.goes_on_with(orders));
  EXPECT_FALSE(extent.goes_on_with(items));
  EXPECT_FALSE(extent.only_follows(orders));
  EXPECT_FALSE(extent.copies(orders));
  EXPECT_TRUE(extent.copies(items)) << "it is not listed yet what there is";
  state.streams[0].position = {};
  EXPECT_TRUE(copy_extent(watching(off), state).value().copies(orders)) << "it begins anew";
}

SizesSeen seen(uint64_t document_bytes, uint64_t id_bytes) {
  SizesSeen sizes;
  sizes.collections = 2;
  sizes.collections_all = 3;
  sizes.documents = 150;
  sizes.document = {document_bytes, "shop.orders"};
  sizes.id = {id_bytes, "shop.items"};
  return sizes;
}

TEST(Limits, SayHowMuchWasSampledAndTheLargest) {
  const Findings findings = judge_sizes(seen(2'048, 12), {}, documentdb("0.112"));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].verdict, Verdict::ok);
  EXPECT_EQ(
      findings[0].found,
      "150 documents of 2 collections sampled (of 3 in scope); the largest: 2.0 KiB in shop.orders; the "
      "longest _id: 12 bytes in shop.items");
}

TEST(Limits, WarnOfLongKeysWhereTheTargetIsDocumentDB) {
  EXPECT_EQ(worst(judge_sizes(seen(1, 2'048), {}, documentdb("0.112"))), Verdict::ok);
  const Findings findings = judge_sizes(seen(1, 2'049), {}, documentdb("0.112"));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].verdict, Verdict::warning);
  EXPECT_TRUE(has(findings[0].found, "shop.items, _id: 2.0 KiB")) << findings[0].found;
  EXPECT_TRUE(has(findings[0].found, "150 documents of 2 collections sampled")) << findings[0].found;
  EXPECT_EQ(worst(judge_sizes(seen(1, 2'049), {}, {})), Verdict::ok) << "MongoDB takes them";
  SizesSeen unique = seen(1, 1);
  unique.long_keys = {"shop.items, index sku_1: 3.0 KiB"};
  EXPECT_TRUE(has(judge_sizes(unique, {}, documentdb("0.112"))[0].found, "index sku_1"));
}

TEST(Limits, OfDocumentsAreThoseOfTheTarget) {
  mongo::ServerInfo small;
  small.limits.document_bytes_max = 1u << 20;
  EXPECT_EQ(worst(judge_sizes(seen(1u << 20, 1), {}, small)), Verdict::warning) << "some may be larger";
  EXPECT_EQ(worst(judge_sizes(seen((1u << 20) + 1, 1), {}, small)), Verdict::problem);
  const Findings large = judge_sizes(seen(14u << 20, 1), {}, {});
  EXPECT_EQ(worst(large), Verdict::warning);
  EXPECT_TRUE(has(large[0].found, "change event")) << large[0].found;
  EXPECT_EQ(worst(judge_sizes(seen((14u << 20) - 1, 1), {}, {})), Verdict::ok);
}

TEST(Limits, ThatCouldNotBeLookedAtAreSaid) {
  SizesSeen sizes = seen(1, 1);
  sizes.failure = "shop.orders: [50 MaxTimeMSExpired, retried] too slow";
  const Findings findings = judge_sizes(sizes, {}, {});
  EXPECT_EQ(worst(findings), Verdict::warning);
  EXPECT_TRUE(has(findings[0].found, "not sampled: shop.orders"));
}

TEST(Limits, WarnOfMoreCollectionsThanAnAzureClusterTakes) {
  EXPECT_TRUE(judge_collection_count(1'000).empty());
  EXPECT_EQ(worst(judge_collection_count(1'001)), Verdict::warning);
}

constexpr uint64_t kMib = uint64_t{1} << 20;
constexpr uint64_t kGib = uint64_t{1} << 30;

DiskSpace free_everywhere(uint64_t bytes) { return {.state_free_bytes = bytes, .spool_free_bytes = bytes}; }

TEST(Disk, IsWarnedOfWhenItCannotHoldTheSpoolOrTheState) {
  EXPECT_EQ(judge_disk(free_everywhere(10 * kGib), 10 * kGib).verdict, Verdict::ok);
  const Finding spool = judge_disk(free_everywhere(10 * kGib), 11 * kGib);
  EXPECT_EQ(spool.verdict, Verdict::warning);
  EXPECT_TRUE(has(spool.remedy, "spool.limit"));
  DiskSpace holding = free_everywhere(10 * kGib);
  holding.spool_held_bytes = kGib;
  EXPECT_EQ(judge_disk(holding, 11 * kGib).verdict, Verdict::ok) << "what it holds is on the disk already";
  DiskSpace none_for_the_spool = free_everywhere(10 * kGib);
  none_for_the_spool.spool_free_bytes = 0;
  EXPECT_EQ(judge_disk(none_for_the_spool, 0).verdict, Verdict::ok) << "no spool needs no room";
  EXPECT_FALSE(has(judge_disk(none_for_the_spool, 0).found, "spool"));
  EXPECT_EQ(judge_disk(free_everywhere(99 * kMib), kMib).verdict, Verdict::warning);
  EXPECT_TRUE(has(judge_disk(free_everywhere(99 * kMib), kMib).remedy, "state.directory"));
}

TEST(Disk, IsAProblemWhenAStartFindsNoRoom) {
  EXPECT_TRUE(has(judge_disk(free_everywhere(0), 0).remedy, "the state cannot be saved"));
  EXPECT_EQ(judge_disk(free_everywhere(kMib - 1), 0).verdict, Verdict::problem);
  EXPECT_EQ(judge_disk(free_everywhere(kMib), kGib).verdict, Verdict::warning) << "a new spool is small";
  DiskSpace space = free_everywhere(30 * kMib);
  space.spool_held_bytes = kGib;
  const Finding full = judge_disk(space, kGib);
  EXPECT_EQ(full.verdict, Verdict::problem) << "its log is to be replayed";
  EXPECT_TRUE(has(full.remedy, "spool.directory")) << full.remedy;
  EXPECT_TRUE(has(full.found, "30.0 MiB free for the spool of at most 1.0 GiB, which has 1.0 GiB already"))
      << full.found;
  space.spool_reserve_bytes = 48 * kMib;
  EXPECT_EQ(judge_disk(space, kGib).verdict, Verdict::warning) << "there is its reserve for that";
}

TEST(Disk, OfTheReserveOfASpoolIsNotFree) {
  DiskSpace space = free_everywhere(0);
  space.spool_reserve_bytes = 48 * kMib;
  const Finding full = judge_disk(space, kGib);
  EXPECT_EQ(full.verdict, Verdict::problem);
  EXPECT_TRUE(has(full.found, "0 bytes free for the spool")) << full.found;
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
  config.initial_sync.mode = CopyMode::automatic;
  EXPECT_EQ(judge_schema(2, lost, config).verdict, Verdict::problem);
  EXPECT_TRUE(has(judge_schema(2, lost, config).found, "capped"));
  config.schema_unsupported = config::Unsupported::warn;
  EXPECT_EQ(judge_schema(2, lost, config).verdict, Verdict::warning);
}

}  // namespace
}  // namespace ddsync::check
