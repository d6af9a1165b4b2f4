// Schema changes of a live stream, one situation a test. Whole histories with crashes: tests/sim.
#include "support/schema_events.h"

namespace ddsync::test {
namespace {

TEST(EngineLiveSchema, ACreationWaitsForNothingAndWhatFollowsWaitsForIt) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1") + "," + created("b") + "," + insert("c", "2"), "c");
  EXPECT_EQ(given.take<output::Write>().operations.size(), 1U);
  EXPECT_FALSE(given.has<output::Persist>());
  const auto change = given.take<SchemaChange>();
  EXPECT_EQ(change.kind, SchemaChangeKind::create);
  EXPECT_FALSE(find_value(change.arguments.view(), "idIndex").missing());
  EXPECT_FALSE(given.has<output::Write>());
  succeed(given, change);
  EXPECT_TRUE(given.has<output::Write>());
  EXPECT_EQ(given.engine().status().events_applied, 1U);
}

TEST(EngineLiveSchema, ACreationIsNotBehindTheWatermarkBeforeItIsDone) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1") + "," + created("b"), "b");
  given.acknowledge(given.take<output::Write>());
  const auto change = given.take<SchemaChange>();
  given.pass_ms(1'000);
  EXPECT_EQ(given.make_durable().streams[0].position.token, Harness::token_of("a"));
  succeed(given, change);
  given.pass_ms(1'000);
  EXPECT_EQ(given.make_durable().streams[0].position.token, Harness::token_of("b"));
}

TEST(EngineLiveSchema, ACreationOfUnknownOutcomeIsRepeatedAndLeavesNothingUnproven) {
  Harness given(Harness::options());
  given.start();
  given.batch(created("a"), "a");
  refuse(given, given.take<SchemaChange>(), Treatment::retry, true);
  EXPECT_EQ(given.engine().status().unproven_namespaces, 0U);
  given.pass_ms(1'000);
  EXPECT_EQ(given.take<SchemaChange>().attempt, 2U);
}

TEST(EngineLiveSchema, AnotherCollectionIsNoConcern) {
  Harness given(Harness::options());
  given.start();
  given.batch(created("a", "unwatched") + "," + modified("b"), "b");
  given.make_durable();
  EXPECT_EQ(given.take<SchemaChange>().kind, SchemaChangeKind::modify);
}

TEST(EngineLiveSchema, ATimeSeriesIsLeftOutWithAWarning) {
  Harness given(Harness::options());
  given.start();
  given.take_all<output::Notice>();
  given.batch(told("a", "create", R"({"timeseries":{"timeField":"t"}})"), "a");
  EXPECT_FALSE(given.has<SchemaChange>());
  const auto notice = given.take<output::Notice>();
  EXPECT_EQ(notice.level, output::Level::warning);
  EXPECT_NE(notice.text.find("db.coll is a time series"), std::string::npos) << notice.text;
  EXPECT_EQ(given.engine().status().events_skipped, 1U);
}

TEST(EngineLiveSchema, AChangeOfOptionsRunsAloneBetweenTwoCheckpoints) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1") + "," + modified("b") + "," + insert("c", "2"), "c");
  EXPECT_FALSE(given.has<SchemaChange>());
  given.acknowledge(given.take<output::Write>());
  EXPECT_FALSE(given.has<SchemaChange>()) << "what came before must not be written again under the validator";
  EXPECT_EQ(given.make_durable().streams[0].position.token, Harness::token_of("a"));
  const auto change = given.take<SchemaChange>();
  EXPECT_EQ(change.kind, SchemaChangeKind::modify);
  succeed(given, change);
  EXPECT_FALSE(given.has<output::Write>());
  EXPECT_EQ(given.make_durable().streams[0].position.token, Harness::token_of("b"));
  EXPECT_TRUE(given.has<output::Write>());
}

TEST(EngineLiveSchema, AChangeThatIsRefusedStopsTheServiceAndIsNotPassed) {
  Harness given(Harness::options());
  given.start();
  given.batch(dropped_index("a") + "," + insert("b", "1"), "b");
  refuse(given, given.take<SchemaChange>(), Treatment::permanent);
  while (given.has<output::Persist>())
    EXPECT_EQ(given.make_durable().streams[0].position.token, Harness::token_of("start"));
  EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::refused_document);
  EXPECT_FALSE(given.has<output::Write>());
}

TEST(EngineLiveSchema, AChangeThatIsQuarantinedDoesNotHoldUpWhatFollows) {
  EngineOptions options = Harness::options();
  options.on_error = OnError::quarantine;
  Harness given(options);
  given.start();
  given.batch(dropped_index("a") + "," + insert("b", "1"), "b");
  refuse(given, given.take<SchemaChange>(), Treatment::permanent);
  given.give(input::QuarantineDurable{given.take<output::Quarantine>().id});
  given.acknowledge(given.take<output::Write>());
  EXPECT_EQ(given.engine().status().events_quarantined, 1U);
  EXPECT_EQ(given.engine().status().events_waiting, 0U);
}

TEST(EngineLiveIndexes, DoNotHoldUpTheStreamAndAreInTheCheckpointThatPassesThem) {
  Harness given(Harness::options());
  given.start();
  given.batch(new_index("a") + "," + insert("b", "1"), "b");
  given.acknowledge(given.take<output::Write>());
  given.pass_ms(1'000);
  EXPECT_FALSE(given.has<SchemaChange>()) << "the stream may hold more";
  const Checkpoint passed = settle_disk(given);
  EXPECT_EQ(passed.streams[0].position.token, Harness::token_of("b"));
  ASSERT_EQ(passed.copies.size(), 1U);
  EXPECT_EQ(passed.copies[0].step, CollectionLeft::Step::late_indexes);

  catch_up(given, "b");
  const auto build = given.take<SchemaChange>();
  EXPECT_EQ(build.kind, SchemaChangeKind::build_late_indexes);
  EXPECT_EQ(build.ns, (Namespace{"db", "coll"}));
  EXPECT_EQ(given.engine().status().indexes_left, 1U);
  given.batch(insert("c", "2"), "c");
  given.acknowledge(given.take<output::Write>());
  succeed(given, build);
  given.pass_ms(1'000);
  EXPECT_TRUE(settle_disk(given).copies.empty());
  EXPECT_FALSE(given.has<SchemaChange>());
  EXPECT_EQ(given.engine().status().indexes_left, 0U);
}

TEST(EngineLiveIndexes, AreNoCopyToTheStatus) {
  Harness given(Harness::options());
  given.start();
  given.take_all<output::Notice>();
  given.batch(new_index("a"), "a");
  EXPECT_FALSE(given.engine().status().copy.has_value());
  catch_up(given, "a");
  succeed(given, given.take<SchemaChange>());
  catch_up(given, "a");
  EXPECT_FALSE(given.engine().status().copy.has_value());
  EXPECT_EQ(given.engine().status().streams[0].state, StreamState::live);
  EXPECT_FALSE(given.has<output::Notice>());
}

TEST(EngineLiveIndexes, AreBuiltAfterARestart) {
  EngineOptions options = Harness::options();
  {
    Harness given(options);
    given.start();
    given.batch(new_index("a"), "a");
    given.pass_ms(1'000);
    options.resume_from = settle_disk(given);
  }
  EXPECT_EQ(options.resume_from.streams[0].position.token, Harness::token_of("a"));
  Harness again(options);
  again.give(input::TargetReady{});
  again.give(input::StreamOpened{{0}, {}});
  catch_up(again, "a");
  EXPECT_EQ(again.take<SchemaChange>().kind, SchemaChangeKind::build_late_indexes);
  EXPECT_FALSE(again.engine().status().copy.has_value());
}

TEST(EngineLiveIndexes, ThatComeWhileOthersAreBuiltAreBuiltOnceMore) {
  Harness given(Harness::options());
  given.start();
  given.batch(new_index("a"), "a");
  catch_up(given, "a");
  const auto build = given.take<SchemaChange>();
  given.pass_ms(1);  // an answer takes time
  given.batch(new_index("b") + "," + new_index("c"), "c");
  succeed(given, build);
  EXPECT_FALSE(given.has<SchemaChange>()) << "the stream may hold more";
  catch_up(given, "c");
  succeed(given, given.take<SchemaChange>());
  catch_up(given, "c");
  EXPECT_FALSE(given.has<SchemaChange>());
}

TEST(EngineLiveIndexes, AreLeftAloneWhereTheOperatorWantsNone) {
  EngineOptions options = Harness::options();
  options.carry_indexes = false;
  Harness given(options);
  given.start();
  given.batch(new_index("a") + "," + dropped_index("b"), "b");
  catch_up(given, "b");
  EXPECT_FALSE(given.has<SchemaChange>());
  EXPECT_EQ(given.engine().status().events_skipped, 2U);
}

TEST(EngineLiveIndexes, ThatCannotBeBuiltAreToldAndGivenUp) {
  Harness given(Harness::options());
  given.start();
  given.take_all<output::Notice>();
  given.batch(new_index("a"), "a");
  catch_up(given, "a");
  refuse(given, given.take<SchemaChange>(), Treatment::permanent);
  const auto notice = given.take<output::Notice>();
  EXPECT_EQ(notice.level, output::Level::error);
  EXPECT_NE(notice.text.find("indexes of db.coll are missing"), std::string::npos) << notice.text;
  EXPECT_EQ(given.engine().status().indexes_left, 0U);
  EXPECT_EQ(given.engine().status().indexes_refused, 1U);
  catch_up(given, "a");
  EXPECT_FALSE(given.has<SchemaChange>());
}

TEST(EngineLiveIndexes, BeingBuiltHoldUpOnlyWhatConcernsTheirCollection) {
  Harness given(whole_database());
  given.start();
  given.batch(new_index("a"), "a");
  catch_up(given, "a");
  const auto build = given.take<SchemaChange>();
  ASSERT_EQ(build.kind, SchemaChangeKind::build_late_indexes);
  given.batch(event("b", "drop", "", "", "other") + "," + event("c", "drop", ""), "c");
  settle_disk(given);
  const auto of_another = given.take<SchemaChange>();
  EXPECT_EQ(of_another.ns, (Namespace{"db", "other"}));
  succeed(given, of_another);
  settle_disk(given);
  EXPECT_FALSE(given.has<SchemaChange>());
  succeed(given, build);
  settle_disk(given);
  EXPECT_EQ(given.take<SchemaChange>().ns, (Namespace{"db", "coll"}));
}

TEST(EngineLiveIndexes, AreBuiltUnderTheNewNameOfARenamedCollection) {
  Harness given(whole_database());
  given.start();
  const std::string rename = R"({"_id":)" + token("r") +
                             R"(,"operationType":"rename","ns":{"db":"db","coll":"coll"},)" +
                             R"("to":{"db":"db","coll":"other"}})";
  given.batch(rename, "r");
  settle_disk(given);
  succeed(given, given.take<SchemaChange>());
  const Checkpoint checkpoint = settle_disk(given);
  ASSERT_EQ(checkpoint.copies.size(), 1U)
      << "what was not built under the old name is not found there any more";
  EXPECT_EQ(checkpoint.copies[0].ns, (Namespace{"db", "other"}));
  catch_up(given, "r");
  EXPECT_EQ(given.take<SchemaChange>().ns, (Namespace{"db", "other"}));
}

TEST(EngineLiveIndexes, AreOfTheCollectionThatTheEventNamesAlsoAfterARestart) {
  EngineOptions options = Harness::options();
  {
    Harness given(options);
    given.start();
    given.batch(with_uuid(new_index("a"), kUuid), "a");
    given.pass_ms(1'000);
    options.resume_from = settle_disk(given);
    catch_up(given, "a");
    EXPECT_EQ(given.take<SchemaChange>().uuid, kUuidText);
  }
  Harness again(options);
  again.give(input::TargetReady{});
  again.give(input::StreamOpened{{0}, {}});
  catch_up(again, "a");
  EXPECT_EQ(again.take<SchemaChange>().uuid, kUuidText);
}

TEST(EngineLiveIndexes, OfACollectionThatIsElsewhereByNowWaitForWhatTheStreamTellsOfIt) {
  Harness given(whole_database());
  given.start();
  given.batch(with_uuid(new_index("a"), kUuid), "a");
  catch_up(given, "a");
  answer_elsewhere(given, given.take<SchemaChange>());
  catch_up(given, "a");
  EXPECT_FALSE(given.has<SchemaChange>()) << "the rename is still to come";
  EXPECT_EQ(given.engine().status().errors, 0U);

  given.batch(with_uuid(renamed("r", "coll", "other"), kUuid), "r");
  settle_disk(given);
  succeed(given, given.take<SchemaChange>());
  settle_disk(given);
  catch_up(given, "r");
  const auto build = given.take<SchemaChange>();
  EXPECT_EQ(build.ns, (Namespace{"db", "other"}));
  EXPECT_EQ(build.uuid, kUuidText);
  succeed(given, build);

  given.batch(with_uuid(new_index("b"), kOtherUuid), "b");
  catch_up(given, "b");
  EXPECT_EQ(given.take<SchemaChange>().uuid, kOtherUuidText) << "the old name's next life";
}

TEST(EngineLiveIndexes, OfACollectionThatGotAnotherUuidAreBuiltWhenNothingMoreCanCome) {
  Harness given(Harness::options());
  given.start();
  given.batch(with_uuid(new_index("a"), kUuid), "a");
  catch_up(given, "a");
  answer_elsewhere(given, given.take<SchemaChange>());
  catch_up(given, "a");
  EXPECT_FALSE(given.has<SchemaChange>());
  given.pass_ms(6'000);
  catch_up(given, "a");
  EXPECT_FALSE(given.has<SchemaChange>()) << "the answer was asked for before";
  catch_up(given, "a");
  EXPECT_EQ(given.take<SchemaChange>().uuid, kOtherUuidText);
}

TEST(EngineLiveIndexes, ThatAreNewWhileTheOldOnesAreElsewhereAreBuiltAtOnce) {
  Harness given(Harness::options());
  given.start();
  given.batch(with_uuid(new_index("a"), kUuid), "a");
  catch_up(given, "a");
  const auto first = given.take<SchemaChange>();
  given.batch(with_uuid(new_index("b"), kOtherUuid), "b");
  answer_elsewhere(given, first);
  catch_up(given, "b");
  EXPECT_EQ(given.take<SchemaChange>().uuid, kOtherUuidText);
}

TEST(EngineLiveIndexes, LeaveWritersToTheDocuments) {
  Harness given(whole_database());
  given.start();
  given.batch(new_index("a", "one") + "," + new_index("b", "two") + "," + new_index("c", "three"), "c");
  catch_up(given, "c");
  const auto builds = given.take_all<SchemaChange>();
  ASSERT_EQ(builds.size(), 2U) << "half of four writers";
  succeed(given, builds[0]);
  EXPECT_EQ(given.take<SchemaChange>().ns, (Namespace{"db", "three"}));
}

TEST(EngineLiveSchema, AChangeOfOptionsIsCarriedOverAlsoWhereTheOperatorWantsNoIndexes) {
  EngineOptions options = Harness::options();
  options.carry_indexes = false;
  Harness given(options);
  given.start();
  given.batch(modified("m"), "m");
  settle_disk(given);
  EXPECT_EQ(given.take<SchemaChange>().kind, SchemaChangeKind::modify);
}

// The build may hold the very index, and would bring it back.
TEST(EngineLiveIndexes, AreNotDroppedWhileOthersOfTheirCollectionAreBuilt) {
  Harness given(whole_database());
  given.start();
  given.batch(new_index("a"), "a");
  catch_up(given, "a");
  const auto build = given.take<SchemaChange>();
  given.batch(dropped_index("d"), "d");
  EXPECT_FALSE(given.has<SchemaChange>());
  succeed(given, build);
  EXPECT_EQ(given.take<SchemaChange>().kind, SchemaChangeKind::drop_indexes);
}

TEST(EngineLiveIndexes, AreNotBuiltWhereTheirDatabaseIsGone) {
  Harness given(whole_database());
  given.start();
  given.batch(new_index("a") + "," + event("d", "dropDatabase", ""), "d");
  settle_disk(given);
  succeed(given, given.take<SchemaChange>());
  EXPECT_TRUE(settle_disk(given).copies.empty());
  catch_up(given, "d");
  EXPECT_FALSE(given.has<SchemaChange>());
}

TEST(EngineLiveIndexes, OfACollectionThatIsNotWatchedAreNotBuilt) {
  EngineOptions options = whole_database();
  options.filter = NamespaceFilter({{"db", ""}}, {{"db", "out"}});
  Harness given(options);
  given.start();
  given.batch(new_index("a", "out"), "a");
  catch_up(given, "a");
  EXPECT_FALSE(given.has<SchemaChange>());
  EXPECT_EQ(given.engine().status().events_skipped, 1U);
}

// What is not watched may be the target's own.
TEST(EngineDropDatabase, IsOfTheWholeDatabaseOnlyWhereAllOfItIsWatched) {
  for (const bool all : {true, false}) {
    EngineOptions options = whole_database();
    if (!all) options.filter = NamespaceFilter({{"db", ""}}, {{"db", "out"}});
    Harness given(options);
    given.start();
    given.batch(event("d", "dropDatabase", ""), "d");
    settle_disk(given);
    const auto change = given.take<SchemaChange>();
    EXPECT_EQ(change.kind, SchemaChangeKind::drop_database);
    EXPECT_EQ(change.whole_database, all);
  }
}

TEST(EngineDropDatabase, IsNeverOfTheServersOwn) {
  EngineOptions options = Harness::options();
  options.streams = {{ScopeLevel::cluster, {"", ""}}};
  options.filter = NamespaceFilter({}, {});
  for (const std::string name : {"admin", "config", "local"}) {
    Harness given(options);
    given.start();
    std::string dropped = event("d", "dropDatabase", "");
    dropped.replace(dropped.find(R"("db":"db")"), 9, R"("db":")" + name + '"');
    given.batch(dropped, "d");
    settle_disk(given);
    EXPECT_FALSE(given.has<SchemaChange>()) << name;
    EXPECT_EQ(given.engine().status().events_skipped, 1U) << name;
  }
}

// A drop of the database or of the new name of a rename, too.
TEST(EngineDropDatabase, LeavesNoProofOfTheSourceOfItsCollections) {
  for (const bool rename : {true, false}) {
    EngineOptions options = whole_database();
    options.resume_from.source = std::make_shared<const SourceIdentity>(
        SourceIdentity{"rs0", {{{"db", "coll"}, "1"}, {{"db", "other"}, "2"}, {{"elsewhere", "x"}, "3"}}});
    Harness given(options);
    given.start();
    given.batch(rename ? rename_to_other() : event("d", "dropDatabase", ""), "d");
    settle_disk(given);
    succeed(given, given.take<SchemaChange>());
    EXPECT_EQ(settle_disk(given).source->collections.size(), 1U);
  }
}

TEST(EngineLiveIndexes, HoldUpARenameToTheNameThatTheyAreBuiltUnder) {
  Harness given(whole_database());
  given.start();
  given.batch(new_index("a", "other"), "a");
  catch_up(given, "a");
  const auto build = given.take<SchemaChange>();
  given.batch(rename_to_other(), "r");
  settle_disk(given);
  EXPECT_FALSE(given.has<SchemaChange>());
  succeed(given, build);
  settle_disk(given);
  EXPECT_EQ(given.take<SchemaChange>().kind, SchemaChangeKind::rename);
}

}  // namespace
}  // namespace ddsync::test
