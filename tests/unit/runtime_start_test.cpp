// The pure parts of a start and an end: gaps, pairs of servers, limits, exit codes.
#include <gtest/gtest.h>

#include "runtime/accept_gap.h"
#include "runtime/comparer.h"
#include "runtime/durable_state.h"
#include "runtime/durable_writer.h"
#include "runtime/refusal.h"
#include "runtime/servers.h"

namespace ddsync::runtime {
namespace {

StreamCheckpoint stream(std::string scope, std::string gap_reason = "") {
  StreamCheckpoint checkpoint;
  checkpoint.scope = std::move(scope);
  checkpoint.gap_reason = std::move(gap_reason);
  return checkpoint;
}

Checkpoint two_gaps_and_a_good_stream() {
  Checkpoint checkpoint;
  checkpoint.streams = {stream("shop.orders", "history lost"), stream("shop.items"),
                        stream("hr.people", "history lost")};
  return checkpoint;
}

std::vector<std::string> scopes(const Checkpoint& checkpoint) {
  std::vector<std::string> names;
  for (const StreamCheckpoint& one : checkpoint.streams) {
    names.push_back(one.scope);
  }
  return names;
}

using Names = std::vector<std::string>;

TEST(AcceptGap, ForgetsThePositionOfTheNamedGapOnly) {
  Checkpoint checkpoint = two_gaps_and_a_good_stream();
  const auto ended = accept_gaps(checkpoint, {"shop.orders"});
  ASSERT_TRUE(ended);
  EXPECT_EQ(*ended, Names{"shop.orders"});
  EXPECT_EQ(scopes(checkpoint), (Names{"shop.items", "hr.people"}));
}

TEST(AcceptGap, EndsTheCopyThatTheStreamBelongsTo) {
  Checkpoint checkpoint = two_gaps_and_a_good_stream();
  CollectionLeft ended;
  ended.stream = "shop.orders";
  CollectionLeft other;
  other.stream = "shop.items";
  checkpoint.copies = {ended, other};
  ASSERT_TRUE(accept_gaps(checkpoint, {"shop.orders"}));
  ASSERT_EQ(checkpoint.copies.size(), 1U);
  EXPECT_EQ(checkpoint.copies[0].stream, "shop.items");
}

TEST(AcceptGap, AllMeansEveryGapAndNoGoodPosition) {
  Checkpoint checkpoint = two_gaps_and_a_good_stream();
  ASSERT_TRUE(accept_gaps(checkpoint, {"all"}));
  EXPECT_EQ(scopes(checkpoint), Names{"shop.items"});
}

TEST(AcceptGap, RefusesToForgetAGoodPositionAndListsTheGaps) {
  Checkpoint checkpoint = two_gaps_and_a_good_stream();
  const auto ended = accept_gaps(checkpoint, {"shop.orders", "shop.items"});
  ASSERT_FALSE(ended);
  EXPECT_NE(ended.error().find("shop.items is not in a gap"), std::string::npos) << ended.error();
  EXPECT_NE(ended.error().find("shop.orders, hr.people"), std::string::npos) << ended.error();
  EXPECT_EQ(checkpoint.streams.size(), 3U);
}

TEST(AcceptGap, RefusesAnUnknownNameBesideAll) {
  Checkpoint checkpoint = two_gaps_and_a_good_stream();
  EXPECT_FALSE(accept_gaps(checkpoint, {"all", "shop.order"}));
}

TEST(AcceptGap, AllWithoutAGapChangesNothing) {
  Checkpoint checkpoint;
  checkpoint.streams = {stream("shop.items")};
  ASSERT_TRUE(accept_gaps(checkpoint, {"all"}));
  EXPECT_EQ(scopes(checkpoint), Names{"shop.items"});
}

mongo::ServerInfo replica_set(std::string process_id) {
  mongo::ServerInfo info;
  info.is_replica_set_or_mongos = true;
  info.process_id = std::move(process_id);
  return info;
}

TEST(UnfitPair, TwoServersAreFine) {
  EXPECT_EQ(unfit_pair(replica_set("a"), replica_set("b")), std::nullopt);
}

TEST(UnfitPair, TwoServersThatDoNotTellWhoTheyAreAreFine) {
  EXPECT_EQ(unfit_pair(replica_set(""), replica_set("")), std::nullopt);
}

TEST(UnfitPair, OneServerOnBothSidesIsRefused) {
  EXPECT_NE(unfit_pair(replica_set("a"), replica_set("a")).value_or("").find("same server"),
            std::string::npos);
}

TEST(UnfitPair, TheRequestUnitEngineIsRefusedAsASourceOnly) {
  mongo::ServerInfo cosmos = replica_set("");
  cosmos.is_cosmosdb_ru = true;
  EXPECT_NE(unfit_pair(cosmos, replica_set("b")).value_or("").find("deletes"), std::string::npos);
  EXPECT_EQ(unfit_pair(replica_set("a"), cosmos), std::nullopt);
}

TEST(UnfitPair, AStandaloneSourceIsRefused) {
  mongo::ServerInfo standalone;
  EXPECT_NE(unfit_pair(standalone, replica_set("b")).value_or("").find("standalone"), std::string::npos);
}

std::optional<std::string> watching(bool is_documentdb, config::Scope chosen, ScopeLevel level) {
  mongo::ServerInfo source = replica_set("a");
  source.is_documentdb = is_documentdb;
  return unfit_streams(source, chosen, {{ScopeLevel::collection, {"a", "x"}}, {level, {"b", ""}}});
}

TEST(UnfitStreams, AClusterStreamOfDocumentDbIsNotOpenedUnasked) {
  EXPECT_NE(
      watching(true, config::Scope::automatic, ScopeLevel::cluster).value_or("").find("watch.scope: cluster"),
      std::string::npos);
  EXPECT_EQ(watching(true, config::Scope::cluster, ScopeLevel::cluster), std::nullopt);
}

TEST(UnfitStreams, OtherStreamsAndOtherSourcesAreFine) {
  EXPECT_EQ(watching(true, config::Scope::automatic, ScopeLevel::database), std::nullopt);
  EXPECT_EQ(watching(false, config::Scope::automatic, ScopeLevel::cluster), std::nullopt);
}

TEST(Limits, AutomaticFenceBelievesTheProbe) {
  TargetLimits probed;
  EXPECT_FALSE(effective_limits(probed, config::Fence::automatic).refuses_late_writes);
  probed.refuses_late_writes = true;
  EXPECT_TRUE(effective_limits(probed, config::Fence::automatic).refuses_late_writes);
}

TEST(Limits, TheOperatorOverrulesTheProbe) {
  TargetLimits probed;
  EXPECT_TRUE(effective_limits(probed, config::Fence::transaction_number).refuses_late_writes);
  probed.refuses_late_writes = true;
  EXPECT_FALSE(effective_limits(probed, config::Fence::compare).refuses_late_writes);
}

TEST(Limits, AfterAnOutageAFenceIsNeverSwitchedOn) {
  TargetLimits unfenced;
  TargetLimits fenced;
  fenced.refuses_late_writes = true;
  EXPECT_FALSE(limits_after_outage(unfenced, fenced).refuses_late_writes);
  EXPECT_FALSE(limits_after_outage(fenced, unfenced).refuses_late_writes);
  EXPECT_TRUE(limits_after_outage(fenced, fenced).refuses_late_writes);
}

TEST(ExitCodes, EachReasonToStopHasItsOwn) {
  using output::StopReason;
  EXPECT_EQ(exit_code(StopReason::requested), ExitCode::ok);
  EXPECT_EQ(exit_code(StopReason::gap), ExitCode::gap);
  EXPECT_EQ(exit_code(StopReason::refused_document), ExitCode::refused_document);
  EXPECT_EQ(exit_code(StopReason::access_denied), ExitCode::access_denied);
  EXPECT_EQ(exit_code(StopReason::local_disk), ExitCode::bad_state);
}

TEST(DeadLetters, LieBesideTheStateFile) {
  EXPECT_EQ(dead_letter_path("/var/sync/.documentdb_sync_state_a_to_b.json"),
            "/var/sync/.documentdb_sync_state_a_to_b.dead_letter.jsonl");
}

TEST(DeadLetters, AreStampedInUtcWithMilliseconds) {
  const std::string now = iso8601_now();
  ASSERT_EQ(now.size(), std::string("2026-11-24T16:45:00.123Z").size()) << now;
  EXPECT_EQ(now[10], 'T');
  EXPECT_EQ(now[19], '.');
  EXPECT_EQ(now.back(), 'Z');
}

}  // namespace
}  // namespace ddsync::runtime
