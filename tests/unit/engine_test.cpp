// The engine's promises, one situation a test. Whole histories with crashes: tests/sim.
#include "engine/engine.h"

#include "engine/ledger.h"
#include "support/engine_harness.h"

namespace ddsync::test {
namespace {

std::string name_of(const Checkpoint& checkpoint) {
  return to_extended_json(checkpoint.streams.at(0).position.token.view());
}
std::string named(const std::string& name) {
  return to_extended_json(from_extended_json(token(name))->view());
}

TEST(EngineStart, ReadsNothingBeforeTheStartPositionIsDurable) {
  Harness given(Harness::options());
  given.give(input::TargetReady{});
  EXPECT_FALSE(given.take<output::OpenStream>().position.known());
  given.give(input::StreamOpened{{0}, {PositionKind::resume_after, Harness::token_of("start"), 0}});
  EXPECT_FALSE(given.has<output::ReadStream>());
  const Checkpoint checkpoint = given.make_durable();
  EXPECT_EQ(name_of(checkpoint), named("start"));
  EXPECT_TRUE(given.has<output::ReadStream>());
  EXPECT_TRUE(given.has<output::Watching>());
}

TEST(EngineStart, ResumesFromTheDurablePositionWithoutAnotherCheckpoint) {
  EngineOptions options = Harness::options();
  options.resume_from.streams = {{"db.coll", {PositionKind::resume_after, Harness::token_of("t7"), 0}, ""}};
  Harness given(options);
  given.give(input::TargetReady{});
  EXPECT_EQ(given.take<output::OpenStream>().position.token, Harness::token_of("t7"));
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_TRUE(given.has<output::ReadStream>());
  EXPECT_FALSE(given.has<output::Persist>());
}

TEST(EngineStart, ASourceThatTellsNothingOfSchemaChangesIsSaidOnce) {
  EngineOptions options = Harness::options();
  options.streams.push_back({ScopeLevel::collection, {"db", "other"}});
  Harness given(options);
  given.give(input::TargetReady{});
  for (const uint32_t stream : {0u, 1u})
    given.give(input::StreamOpened{{stream}, {PositionKind::resume_after, Harness::token_of("a"), 0}, false});
  const auto said = given.take_all<output::Notice>();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_NE(said[0].text.find("tells nothing of collections and indexes"), std::string::npos) << said[0].text;
}

TEST(EngineWatermark, StopsBeforeTheFirstEventThatIsNotAcknowledged) {
  EngineOptions options = Harness::options(3);
  options.persist_interval = 1;
  Harness given(options);
  given.start();
  // Three kinds of write: three commands.
  given.batch(insert("a", "1") + "," + replace("b", "2", R"(,"v":1)") + "," + remove("c", "3"), "after");
  auto writes = given.take_all<output::Write>();
  ASSERT_EQ(writes.size(), 3u);
  given.acknowledge(writes[2]);
  given.acknowledge(writes[0]);
  given.pass_ms(1500);
  EXPECT_EQ(name_of(given.make_durable()), named("a"));
  given.acknowledge(writes[1]);
  given.pass_ms(50);
  EXPECT_EQ(name_of(given.make_durable()), named("after"));
}

TEST(EngineOrder, KeepsOneWriteOfAKeyInFlightAndWritesTheNewestVersionNext) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1", R"(,"v":1)"), "a");
  const auto first = given.take<output::Write>();
  given.batch(replace("b", "1", R"(,"v":2)") + "," + replace("c", "1.0", R"(,"v":3)"), "c");
  EXPECT_FALSE(given.has<output::Write>()) << "1 and 1.0 are one key, and it is in flight";
  given.acknowledge(first);
  const auto second = given.take<output::Write>();
  ASSERT_EQ(second.operations.size(), 1u);
  EXPECT_EQ(second.parts.front().kind, WriteKind::remove) << "the _id changes its type: removed first";
  given.acknowledge(second);
  const auto third = given.take<output::Write>();
  EXPECT_NE(Harness::json(third.operations[0].document).find("\"v\" : { \"$numberInt\" : \"3\" }"),
            std::string::npos);
  given.acknowledge(third);
  EXPECT_EQ(given.engine().status().events_applied, 3u);
  EXPECT_EQ(given.engine().status().events_superseded, 1u);
}

TEST(EngineOrder, AnUpdateWithoutItsDocumentIsSkipped) {
  Harness given(Harness::options());
  given.start();
  given.batch(event("a", "update", "1", "null"), "a");
  EXPECT_FALSE(given.has<output::Write>());
  EXPECT_EQ(given.engine().status().events_skipped, 1u);
  given.pass_ms(50);
  EXPECT_EQ(name_of(given.make_durable()), named("a"));
}

// The stream has told all that was at the source six seconds ago.
void stream_is_idle(Harness& given) {
  given.pass_ms(6'000);
  given.batch("", "b");  // asked for before
  given.batch("", "b");
}

// Of which documents is not in the state: after a rename none of them is proven.
TEST(EngineOrder, UpdatesThatMissedTheirDocumentsBeforeARestartAreNotForgottenAtTheFirstEmptyAnswer) {
  EngineOptions options = Harness::options();
  options.resume_from.missed_lookups = {{"db", "coll"}};
  for (const bool for_long : {false, true}) {
    Harness given(options);
    given.start();
    given.batch("", "b");
    if (for_long) stream_is_idle(given);
    given.batch(rename_to_other(), "r");
    EXPECT_EQ(given.engine().status().unproven_namespaces, for_long ? 0u : 1u);
  }
}

TEST(EngineErrors, AnInsertThatFindsItsDocumentBecomesAReplace) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1"), "a");
  given.refuse(given.take<output::Write>(), 0, Treatment::duplicate_id);
  EXPECT_EQ(given.take<output::Write>().parts.front().kind, WriteKind::replace);
}

TEST(EngineErrors, AFailedBatchIsTriedAgainByTheSameWriterAfterABackoff) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1"), "a");
  const auto write = given.take<output::Write>();
  given.fail(write, Treatment::retry, true);
  EXPECT_FALSE(given.has<output::Write>());
  EXPECT_TRUE(given.has<output::WakeAt>());
  given.pass_ms(6'000);
  const auto again = given.take<output::Write>();
  EXPECT_EQ(again.writer, write.writer);
  EXPECT_EQ(again.attempt, 2u);
}

// The first try has an unknown outcome, the second one is acknowledged: one suspect.
// A target that throttles says it of single operations, all the time.
TEST(EngineErrors, OperationsThatAreTriedAgainAreToldOfOnceAMinute) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1"), "a");
  const auto told = [&] {
    size_t warnings = 0;
    for (int attempt = 0; attempt < 5; ++attempt) {
      given.refuse(given.take<output::Write>(), 0, Treatment::throttled);
      given.pass_ms(10'000);
      for (const auto& notice : given.take_all<output::Notice>())
        warnings += notice.text.find("some writes to db.coll were not taken") == 0 ? 1U : 0U;
    }
    return warnings;
  };
  EXPECT_EQ(told(), 1U);
  given.pass_ms(10'000);
  EXPECT_EQ(told(), 1U);
  EXPECT_EQ(given.engine().status().errors, 10U);
}

// Each of the writers would take it up at once.
TEST(EngineErrors, AnOperationThatIsNotTakenForAWhileIsTriedAgainAfterGrowingPauses) {
  Harness given(Harness::options(8));
  given.start();
  given.batch(insert("a", "1"), "a");
  size_t tries = 0;
  for (int i = 0; i < 2'000; ++i) {
    for (const auto& write : given.take_all<output::Write>()) {
      given.refuse(write, 0, Treatment::retry);
      tries += 1;
    }
    given.pass_ms(10);
  }
  EXPECT_GE(tries, 5U);
  EXPECT_LE(tries, 20U) << "in 20 s";
  given.batch(insert("b", "2"), "b");
  given.pass_ms(6'000);
  const auto write = given.take<output::Write>();
  given.acknowledge(write);
  given.batch(insert("c", "3"), "c");
  given.refuse(given.take<output::Write>(), 0, Treatment::retry);
  given.pass_ms(200);
  EXPECT_TRUE(given.has<output::Write>()) << "the pauses begin anew";
}

void write_of_unknown_outcome(Harness& given) {
  given.start();
  given.batch(insert("a", "1"), "a");
  given.fail(given.take<output::Write>(), Treatment::retry, true);
  given.pass_ms(6'000);
  given.acknowledge(given.take<output::Write>());
}

// ... and its document is to be compared.
output::Compare first_comparison(Harness& given) {
  write_of_unknown_outcome(given);
  given.make_durable();
  given.pass_ms(1'000);
  return given.take<output::Compare>();
}

TEST(EngineErrors, TheKeysOfAnUnknownOutcomeAreDurablySuspectUntilTheyWereComparedLate) {
  EngineOptions options = Harness::options();
  options.late_write_max = Duration::seconds(150);
  Harness given(options);
  write_of_unknown_outcome(given);
  EXPECT_EQ(given.make_durable().suspects.size(), 1u);

  given.pass_ms(1'000);
  auto compare = given.take<output::Compare>();
  ASSERT_EQ(compare.ids.size(), 1u);
  given.give(input::Compared{compare.id, {{true, {}}}, {}});
  EXPECT_EQ(given.engine().status().suspects, 1u) << "a late duplicate may still come";
  given.pass_ms(150'000);
  compare = given.take<output::Compare>();
  given.give(input::Compared{compare.id, {{true, {}}}, {}});
  EXPECT_EQ(given.engine().status().suspects, 0u);
}

// Its repair could be under way when the process is killed, and land late as well.
TEST(EngineErrors, ASuspectIsComparedOnlyOnceItIsDurable) {
  Harness given(Harness::options());
  write_of_unknown_outcome(given);
  given.pass_ms(2'000);
  EXPECT_FALSE(given.has<output::Compare>());
  EXPECT_EQ(given.make_durable().suspects.size(), 1u);
  given.pass_ms(1'000);
  EXPECT_TRUE(given.has<output::Compare>());
}

TEST(EngineErrors, ASuspectThatDiffersIsWrittenFromTheSource) {
  Harness given(Harness::options());
  const output::Compare compare = first_comparison(given);
  given.give(input::Compared{compare.id, {{false, *from_extended_json(R"({"_id":1,"v":9})")}}, {}});
  const auto repair = given.take<output::Write>();
  EXPECT_EQ(repair.parts.front().kind, WriteKind::replace);
  EXPECT_NE(Harness::json(repair.operations[0].document).find("9"), std::string::npos);
}

// An idle stream answers every second; one that does not may have a rename on its way, which would carry on
// what was read and written by name.
TEST(EngineErrors, ARepairIsProvenOnlyByAnAnswerThatWasAskedForAfterIt) {
  EngineOptions options = Harness::options();
  options.late_write_max = Duration::seconds(10);
  Harness given(options);
  const output::Compare first = first_comparison(given);
  given.batch("", "b");
  given.give(input::Compared{first.id, {{false, *from_extended_json(R"({"_id":1,"v":9})")}}, {}});
  given.acknowledge(given.take<output::Write>());
  const auto compare_equal = [&] {
    given.make_all_durable();
    given.pass_ms(1'000);
    if (!given.has<output::Compare>()) return;
    given.give(input::Compared{given.take<output::Compare>().id, {{true, {}}}, {}});
  };
  given.pass_ms(25'000);
  compare_equal();
  EXPECT_EQ(given.engine().status().suspects, 1U) << "no answer for 25 s";
  given.batch("", "b");
  compare_equal();
  EXPECT_EQ(given.engine().status().suspects, 1U) << "of a read that was asked for before";
  stream_is_idle(given);
  compare_equal();
  EXPECT_EQ(given.engine().status().suspects, 0U);
}

// Seed 7031473: six old versions landed late, one after the other, and their collection was given up.
TEST(EngineErrors, ASuspectIsGivenUpOnlyWhenItDiffersAlthoughNothingCanLandLate) {
  EngineOptions options = Harness::options();
  options.late_write_max = Duration::seconds(60);
  Harness given(options);
  write_of_unknown_outcome(given);
  const auto differ = [&](int times) {
    for (int i = 0; i < times; ++i) {
      given.make_all_durable();
      stream_is_idle(given);  // it has told all that was at the source at the last repair
      given.make_all_durable();
      given.pass_ms(1'000);
      const auto compare = given.take<output::Compare>();
      given.give(input::Compared{compare.id, {{false, *from_extended_json(R"({"_id":1,"v":9})")}}, {}});
      while (given.has<output::Write>()) given.acknowledge(given.take<output::Write>());
    }
  };
  differ(1);
  given.pass_ms(60'000);
  differ(5);
  EXPECT_EQ(given.engine().status().unproven_namespaces, 0U);
  EXPECT_EQ(given.engine().status().suspects, 1U);
  differ(1);
  EXPECT_EQ(given.engine().status().unproven_namespaces, 1U);
  EXPECT_EQ(given.engine().status().suspects, 0U);
}

// MongoDB takes `$` names from an insert, and refuses a replacement that has them.
TEST(EngineErrors, ADocumentThatIsRefusedAsAReplacementIsRemovedAndInserted) {
  Harness given(Harness::options());
  given.start();
  given.batch(replace("a", "1", R"(,"$set":1)"), "a");
  const auto refuse = [&](const WriteBatch& write) {
    WriteOutcome outcome;
    outcome.operation_errors.push_back({0, make_error(ErrorContext::write_operation, 52, "", "by the test")});
    given.give(input::WriteFinished{write.writer, write.id, outcome});
  };
  refuse(given.take<output::Write>());
  const auto removal = given.take<output::Write>();
  EXPECT_EQ(removal.parts.front().kind, WriteKind::remove);
  given.acknowledge(removal);
  const auto insert = given.take<output::Write>();
  EXPECT_EQ(insert.parts.front().kind, WriteKind::insert);
  refuse(insert);
  EXPECT_FALSE(given.has<output::Write>()) << "a target that takes it in no way";
}

// Seed 5022113: the document of the dropped life was written again, and a unique value of the next life in
// its way made the target refuse it for good.
TEST(EngineErrors, WhatAComparisonMetBeforeADropIsNotWrittenAfterIt) {
  Harness given(Harness::options());
  const output::Compare compare = first_comparison(given);
  given.batch(event("b", "drop", ""), "b");
  given.make_all_durable();
  const auto change = given.take<output::ChangeSchema>();
  given.give(input::SchemaChanged{change.writer, change.id, {}});
  given.make_all_durable();
  given.give(input::Compared{compare.id, {{false, *from_extended_json(R"({"_id":1,"v":9})")}}, {}});
  EXPECT_FALSE(given.has<output::Write>());
  given.pass_ms(1'000);
  EXPECT_TRUE(given.has<output::Compare>()) << "it is compared once more";
}

EngineOptions killed_before() {
  EngineOptions options = Harness::options();
  options.resume_from.streams = {{"db.coll", {PositionKind::resume_after, Harness::token_of("old"), 0}, ""}};
  options.resume_from.clean_end = false;
  return options;
}

TEST(EngineErrors, MoreSuspectsThanAreRememberedLeaveTheCollectionNotProven) {
  Harness given(killed_before());
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  given.batch(inserts(1, 50'000), "a");
  EXPECT_EQ(given.engine().status().suspects, 50'000U);
  EXPECT_EQ(given.engine().status().unproven_namespaces, 0U);
  given.batch(inserts(50'001, 50'001), "b");
  EXPECT_EQ(given.engine().status().unproven_namespaces, 1U);
}

// Each of them is in every checkpoint.
TEST(EngineErrors, SuspectsWithLongIdsLeaveTheCollectionNotProvenBeforeTheyFillTheMemory) {
  EngineOptions options = killed_before();
  options.memory_bytes_max = 64u << 20;
  Harness given(options);
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  const auto inserts_of = [](int first, int last) {
    std::string events;
    for (int i = first; i <= last; ++i) {
      const std::string id = "\"" + std::string(100'000, 'x') + std::to_string(i) + "\"";
      events += (i == first ? "" : ",") + insert("n" + std::to_string(i), id);
    }
    return events;
  };
  given.batch(inserts_of(1, 18), "a");
  EXPECT_EQ(given.engine().status().suspects, 18U);
  EXPECT_EQ(given.engine().status().unproven_namespaces, 0U);
  given.batch(inserts_of(19, 25), "b");
  EXPECT_LT(given.engine().status().suspects, 25U);
  EXPECT_EQ(given.engine().status().unproven_namespaces, 1U);
}

// DESIGN invariant 14, of a process that was killed.
TEST(EngineSendWindow, OnlyWhatAKilledProcessMayHaveSentIsSuspect) {
  EngineOptions options = killed_before();
  options.resume_from.streams[0].may_be_sent = 3;
  Harness given(options);
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  given.batch(inserts(1, 2), "a");
  EXPECT_EQ(given.engine().status().suspects, 2U);
  given.batch(inserts(3, 10), "b");
  EXPECT_EQ(given.engine().status().suspects, 3U);
}

TEST(EngineSendWindow, NoEventIsSentBeforeADurableCheckpointSaysThatItMayBe) {
  EngineOptions options = Harness::options(4);
  options.sent_ahead_max = 2;
  Harness given(options);
  given.start();  // nothing waits: one event may be sent
  given.batch(inserts(1, 5), "a");
  const WriteBatch first = given.take<output::Write>();
  EXPECT_EQ(first.operations.size(), 1U);
  EXPECT_FALSE(given.has<output::Write>());
  EXPECT_EQ(given.make_durable().streams[0].may_be_sent, 4U);  // the next one, and two more
  EXPECT_EQ(given.take<output::Write>().operations.size(), 3U);
  EXPECT_FALSE(given.has<output::Write>());
  EXPECT_EQ(given.make_durable().streams[0].may_be_sent, 7U);
  EXPECT_EQ(given.take<output::Write>().operations.size(), 1U);
  given.acknowledge(first);
  given.pass_ms(1'500);
  EXPECT_EQ(given.make_durable().streams[0].may_be_sent, 6U);  // behind a position one event further on
}

// However far ahead the last change of a key is, or the next one of a rare kind.
TEST(EngineSendWindow, IsNotWidenedByWhatIsFarAhead) {
  const std::string hot_key =
      replace("h1", "0", "") + "," + inserts(1, 50) + "," + replace("h2", "0", R"(,"v":2)");
  const std::string rare_kind = inserts(1, 50) + "," + remove("r", "99");
  for (const std::string& events : {hot_key, rare_kind}) {
    EngineOptions options = Harness::options(4);
    options.sent_ahead_max = 2;
    Harness given(options);
    given.start();
    given.batch(events, "a");
    for (int round = 0; round < 3; ++round) {
      const std::vector<WriteBatch> writes = given.take_all<output::Write>();
      EXPECT_FALSE(writes.empty()) << round;
      EXPECT_LE(given.make_durable().streams[0].may_be_sent, 20U) << round;
      for (const WriteBatch& write : writes) given.acknowledge(write);
    }
  }
}

// The entry begins before the watermark, with events that were in memory too: they are counted again.
TEST(EngineSendWindow, IsCountedFromTheSpoolWhenTheNextStartBeginsThere) {
  Ledger ledger("db.coll");
  ledger.window().open(2, 0);
  const JsonBatch bytes(inserts(1, 3), token("a"));
  BatchRecord& batch = ledger.begin_batch(nullptr, bytes.bytes(), {});
  std::vector<EventRef> events;
  ElementCursor cursor(bytes.events());
  while (cursor.next()) {
    Event event;
    ASSERT_TRUE(decode_event(cursor.value().as_document(), event));
    events.push_back(ledger.add_event(batch, event));
  }
  ledger.spool_begins(0);
  ledger.acknowledge(events[0]);
  ledger.acknowledge(events[1]);
  EXPECT_EQ(ledger.advance(), 2U);
  EXPECT_EQ(ledger.may_be_sent(ledger.passed()), 1U);  // one waits
  EXPECT_EQ(ledger.may_be_sent(ledger.spool_next_at()), 3U);
}

TEST(EngineSendWindow, AStopBeforeAllOfThatWasReadAgainIsNoCleanEnd) {
  EngineOptions options = killed_before();
  options.resume_from.streams[0].may_be_sent = 3;
  for (const int read : {2, 3}) {
    Harness given(options);
    given.give(input::TargetReady{});
    given.give(input::StreamOpened{{0}, {}});
    given.batch(inserts(1, read), "a");
    given.acknowledge(given.take<output::Write>());
    given.give(input::Stop{});
    Checkpoint last;
    while (given.has<output::Persist>()) last = given.make_durable();
    EXPECT_EQ(last.clean_end, read == 3) << read;
  }
}

TEST(EngineErrors, AComparisonThatFailsIsCountedAndSaidAtTheFirstAndEveryTwentiethTry) {
  Harness given(Harness::options());
  write_of_unknown_outcome(given);
  given.make_durable();
  const uint64_t errors = given.engine().status().errors;
  given.take_all<output::Notice>();
  Error error;
  error.code = 89;
  error.message = "the source is away";
  std::vector<size_t> said_at;
  for (size_t attempt = 1; attempt <= 21; ++attempt) {
    given.pass_ms(10'000);
    given.give(input::Compared{given.take<output::Compare>().id, {}, error});
    for (const auto& notice : given.take_all<output::Notice>()) {
      EXPECT_NE(notice.text.find("the source is away"), std::string::npos) << notice.text;
      said_at.push_back(attempt);
    }
  }
  EXPECT_EQ(said_at, (std::vector<size_t>{1, 20}));
  EXPECT_EQ(given.engine().status().errors, errors + 21);
  EXPECT_EQ(given.engine().status().suspects, 1U);
}

TEST(EngineErrors, AComparisonThatIsNotAllowedEndsTheServiceLikeAWrite) {
  Harness given(Harness::options());
  const output::Compare compare = first_comparison(given);
  const Error denied = make_error(ErrorContext::find, 13, "", "not authorized on db to execute find");
  given.give(input::Compared{compare.id, {}, denied});
  given.make_all_durable();
  const auto finished = given.take<output::Finished>();
  EXPECT_EQ(finished.reason, output::StopReason::access_denied);
  EXPECT_NE(finished.text.find("db.coll"), std::string::npos) << finished.text;
}

TEST(EngineErrors, ATargetThatRefusesLateWritesNeedsNoSuspects) {
  Harness given(Harness::options());
  TargetLimits limits;
  limits.refuses_late_writes = true;
  given.start();
  given.give(input::TargetReady{limits});
  given.batch(insert("a", "1"), "a");
  given.fail(given.take<output::Write>(), Treatment::retry, true);
  EXPECT_EQ(given.engine().status().suspects, 0u);
}

TEST(EngineErrors, AWholeCommandThatIsRefusedIsHalvedUntilTheCulpritStandsAlone) {
  EngineOptions options = Harness::options(1);
  options.on_error = OnError::quarantine;
  Harness given(options);
  given.start();
  given.batch(insert("a", "1") + "," + insert("b", "2") + "," + insert("c", "3") + "," + insert("d", "4"),
              "d");
  int refused = 0;
  while (given.has<output::Write>()) {
    const auto write = given.take<output::Write>();
    bool culprit = false;
    for (const WriteOp& operation : write.operations) culprit |= operation.id.as_int32() == 3;
    if (culprit) {
      ++refused;
      given.fail(write, Treatment::split, false);
    } else {
      given.acknowledge(write);
    }
  }
  EXPECT_GE(refused, 2);
  const auto quarantine = given.take<output::Quarantine>();
  ASSERT_EQ(quarantine.records.size(), 1u);
  EXPECT_NE(Harness::json(quarantine.records[0].event.view()).find("\"c\""), std::string::npos);
  EXPECT_EQ(given.engine().status().events_applied, 3u)
      << "not done before it is durable in the dead-letter file";
  given.give(input::QuarantineDurable{quarantine.id});
  EXPECT_EQ(given.engine().status().events_quarantined, 1u);
}

TEST(EngineErrors, ACommandThatIsNotAnsweredInTimeIsTriedInHalves) {
  EngineOptions options = Harness::options(1);
  options.batch_operations_max = 40;
  Harness given(options);
  given.start();
  given.batch(inserts(1, 40), "all");
  size_t sent = 40;
  for (int tries = 0; tries < 3; ++tries, sent /= 2) {
    const auto write = given.take<output::Write>();
    EXPECT_EQ(write.operations.size(), sent);
    given.pass_ms(60'000);
    given.fail(write, Treatment::retry, true);
    given.pass_ms(60'000);  // its backoff
  }
  size_t applied = 0;
  while (given.has<output::Write>()) {
    const auto write = given.take<output::Write>();
    EXPECT_LE(write.operations.size(), 12u) << "what is left of the batch, too: an eighth more each time";
    applied += write.operations.size();
    given.acknowledge(write);
  }
  EXPECT_EQ(applied, 40u);
}

TEST(EngineErrors, ACommandThatIsCutOffAtOnceStaysWhole) {
  Harness given(Harness::options(1));
  given.start();
  given.batch(inserts(1, 40), "all");
  given.fail(given.take<output::Write>(), Treatment::retry, true);
  given.pass_ms(60'000);
  EXPECT_EQ(given.take<output::Write>().operations.size(), 40u);
}

TEST(EngineErrors, ARefusedDocumentStopsTheServiceAndNothingIsSkipped) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1") + "," + insert("b", "2"), "b");
  given.refuse(given.take<output::Write>(), 1, Treatment::permanent);
  EXPECT_EQ(name_of(given.make_durable()), named("a"));
  const auto finished = given.take<output::Finished>();
  EXPECT_EQ(finished.reason, output::StopReason::refused_document);
}

TEST(EngineUnique, ValuesThatMoveInARingArriveByRemovingFirst) {
  Harness given(Harness::options(1));
  given.start();
  given.batch(replace("a", "1", R"(,"u":2)") + "," + replace("b", "2", R"(,"u":1)"), "b");
  const auto refuse_both = [&](const WriteBatch& write) {
    WriteOutcome outcome;
    Error error;
    error.code = 11000;
    error.treatment = Treatment::duplicate_other;
    outcome.operation_errors = {{0, error}, {1, error}};
    given.give(input::WriteFinished{write.writer, write.id, outcome});
  };
  refuse_both(given.take<output::Write>());
  refuse_both(given.take<output::Write>());  // tried again once it stood alone
  given.batch("", "b");                      // the stream is idle: nothing else will free the values
  const auto removal = given.take<output::Write>();
  EXPECT_EQ(removal.parts.front().kind, WriteKind::remove);
  EXPECT_EQ(removal.operations.size(), 2u);
  given.acknowledge(removal);
  const auto insertion = given.take<output::Write>();
  EXPECT_EQ(insertion.parts.front().kind, WriteKind::insert);
  given.acknowledge(insertion);
  EXPECT_EQ(given.engine().status().events_applied, 2u);
}

// One late write brought back a document that holds the value, another one has put that right.
TEST(EngineUnique, ADuplicateIsTriedOnceMoreWhenASuspectIsProven) {
  EngineOptions options = Harness::options();
  options.late_write_max = Duration::seconds(150);
  Harness given(options);
  given.start();
  given.batch(replace("a", "1", R"(,"u":1)"), "a");
  given.fail(given.take<output::Write>(), Treatment::retry, true);
  given.pass_ms(10'000);
  given.acknowledge(given.take<output::Write>());
  const auto pass = [&](int64_t ms) {
    given.pass_ms(ms);
    given.make_all_durable();
    for (const auto& order : given.take_all<output::Compare>())
      given.give(input::Compared{order.id, {{.equal = true, .source_document = {}}}, {}});
  };
  pass(1'000);
  given.batch(insert("b", "2", R"(,"u":7)"), "b");
  while (given.has<output::Write>()) given.refuse(given.take<output::Write>(), 0, Treatment::duplicate_other);
  given.batch("", "c");
  pass(20'000);
  EXPECT_EQ(given.engine().status().suspects, 1u);
  EXPECT_FALSE(given.has<output::Write>());
  pass(150'000);
  pass(1'000);
  EXPECT_EQ(given.engine().status().suspects, 0u);
  given.acknowledge(given.take<output::Write>());
  EXPECT_EQ(given.engine().status().events_applied, 2u);
}

TEST(EngineBarrier, ADropRunsAloneBetweenTwoCheckpoints) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1") + "," + event("b", "drop", "") + "," + insert("c", "1"), "c");
  const auto before = given.take<output::Write>();
  EXPECT_FALSE(given.has<output::Write>()) << "what follows the drop waits";
  given.acknowledge(before);
  EXPECT_FALSE(given.has<output::ChangeSchema>()) << "what precedes it is not durable";
  EXPECT_EQ(name_of(given.make_durable()), named("a"));
  const auto change = given.take<output::ChangeSchema>();
  EXPECT_EQ(change.kind, SchemaChangeKind::drop);
  given.give(input::SchemaChanged{change.writer, change.id, {}});
  EXPECT_FALSE(given.has<output::Write>());
  EXPECT_EQ(name_of(given.make_durable()), named("b"));
  EXPECT_TRUE(given.has<output::Write>());
}

// It may come back with another UUID, and the next start would take its source for another one.
TEST(EngineBarrier, ADroppedCollectionIsNoProofOfTheSourceAnyMore) {
  EngineOptions options = Harness::options();
  const Namespace dropped{"db", "coll"};
  const Namespace other{"db", "other"};
  options.resume_from.source =
      std::make_shared<const SourceIdentity>(SourceIdentity{"rs0", {{dropped, "1"}, {other, "2"}}});
  Harness given(options);
  given.start();
  given.batch(event("b", "drop", ""), "c");
  EXPECT_EQ(given.make_durable().source->collections.size(), 2u);
  const auto change = given.take<output::ChangeSchema>();
  given.give(input::SchemaChanged{change.writer, change.id, {}});
  const Checkpoint after = given.make_durable();
  EXPECT_EQ(*after.source, (SourceIdentity{"rs0", {{other, "2"}}}));
}

// The drop of db.coll, refused by the target for good.
void refuse_a_drop(Harness& given) {
  given.start();
  given.batch(event("a", "drop", ""), "a");
  given.make_durable();
  const auto change = given.take<output::ChangeSchema>();
  Error error;
  error.code = 20;
  error.treatment = Treatment::permanent;
  given.give(input::SchemaChanged{change.writer, change.id, error});
}

TEST(EngineBarrier, ADropThatIsQuarantinedLeavesItsCollectionNotProven) {
  EngineOptions options = Harness::options();
  options.on_error = OnError::quarantine;
  Harness given(options);
  refuse_a_drop(given);
  EXPECT_EQ(given.engine().status().unproven_namespaces, 1U);
  given.give(input::QuarantineDurable{given.take<output::Quarantine>().id});
  const Checkpoint checkpoint = given.make_durable();
  EXPECT_EQ(checkpoint.unproven_namespaces, (std::vector<Namespace>{{"db", "coll"}}));
}

TEST(EngineBarrier, ADropThatStopsTheServiceIsTriedAgainByTheNextStart) {
  Harness given(Harness::options());
  refuse_a_drop(given);
  EXPECT_EQ(given.engine().status().unproven_namespaces, 0U);
}

TEST(EngineBarrier, SchemaChangesThatFollowOneAnotherDirectlyAllRun) {
  Harness given(Harness::options());
  given.start();
  given.batch(event("a", "drop", "") + "," + event("b", "drop", "") + "," + event("c", "drop", ""), "c");
  for (int change_number = 0; change_number < 3; ++change_number) {
    given.make_durable();
    const auto change = given.take<output::ChangeSchema>();
    given.give(input::SchemaChanged{change.writer, change.id, {}});
    given.make_durable();
  }
  EXPECT_TRUE(given.has<output::ReadStream>());
}

// Of db.coll and db.other.
EngineOptions two_streams() {
  EngineOptions options = Harness::options();
  options.streams = {{ScopeLevel::collection, {"db", "coll"}}, {ScopeLevel::collection, {"db", "other"}}};
  const StreamPosition old = {PositionKind::resume_after, Harness::token_of("t"), 0};
  options.resume_from.streams = {{"db.coll", old, ""}, {"db.other", old, ""}};
  return options;
}

TEST(EngineBarrier, ARenameBetweenTwoStreamsRunsWhenBothStandAtIt) {
  Harness given(two_streams());
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  given.give(input::StreamOpened{{1}, {}});
  const std::string rename = rename_to_other();
  given.batch(rename, "r", 0);
  given.make_durable();
  EXPECT_FALSE(given.has<output::ChangeSchema>()) << "the stream of the new name is not there yet";
  given.batch(rename, "r", 1);
  given.make_durable();
  const auto change = given.take<output::ChangeSchema>();
  EXPECT_EQ(change.kind, SchemaChangeKind::rename);
  given.give(input::SchemaChanged{change.writer, change.id, {}});
  given.make_durable();
  EXPECT_EQ(given.engine().status().events_applied, 2u);
}

// Seed 6051782: what the stream of the new name brought between the tries stopped them for ever.
TEST(EngineBarrier, ARenameIsTriedAgainAlthoughTheOtherStreamHasBroughtMore) {
  Harness given(two_streams());
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  given.give(input::StreamOpened{{1}, {}});
  given.batch(rename_to_other(), "r", 0);
  const auto bring_nothing = [&] {
    for (int second = 0; second < 12; ++second) {
      given.pass_ms(1'000);
      given.batch("", "quiet", 1);
    }
  };
  bring_nothing();
  given.make_all_durable();
  bring_nothing();
  const auto change = given.take<output::ChangeSchema>();
  Error lost;
  lost.outcome_unknown = true;
  given.batch(event("e", "insert", "1", R"({"_id":1})", "other"), "e", 1);
  EXPECT_FALSE(given.has<output::Write>()) << "its stream stands still";
  given.give(input::SchemaChanged{change.writer, change.id, lost});
  given.pass_ms(60'000);
  EXPECT_EQ(given.take<output::ChangeSchema>().attempt, 2U);
}

TEST(EngineBarrier, ARenameRunsAlsoWhenBothStreamsLoseTheirHistoryBehindIt) {
  Harness given(two_streams());
  given.give(input::TargetReady{});
  const std::string rename = rename_to_other();
  for (const uint32_t stream : {0U, 1U}) {
    given.give(input::StreamOpened{{stream}, {}});
    given.batch(rename, "r", stream);
    given.give(input::StreamFailed{{stream}, make_error(ErrorContext::stream_read, 286, "", "lost")});
  }
  given.make_all_durable();
  EXPECT_EQ(given.take<output::ChangeSchema>().kind, SchemaChangeKind::rename);
}

TEST(EngineStreams, AnInvalidatedStreamGoesOnWithStartAfter) {
  Harness given(Harness::options());
  given.start();
  given.batch(event("a", "drop", "") + "," + event("b", "invalidate", ""), "b");
  given.make_durable();
  const auto change = given.take<output::ChangeSchema>();
  given.give(input::SchemaChanged{change.writer, change.id, {}});
  given.make_durable();
  const auto open = given.take<output::OpenStream>();
  EXPECT_EQ(open.position.kind, PositionKind::start_after);
  EXPECT_EQ(open.position.token, Harness::token_of("b"));
}

TEST(EngineStreams, ALostHistoryIsADurableGapAndEndsTheServiceWhenNothingElseLives) {
  Harness given(Harness::options());
  given.start();
  Error error;
  error.code = 286;
  error.message = "history lost";
  error.treatment = Treatment::history_lost;
  given.give(input::StreamFailed{{0}, error});
  EXPECT_FALSE(given.make_durable().streams[0].gap_reason.empty());
  EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::gap);
  EXPECT_FALSE(given.has<output::OpenStream>());
}

TEST(EngineStreams, AnEventThatIsTooLargeToBeDeliveredIsADurableGapOfItsOwnKind) {
  Harness given(Harness::options());
  given.start();
  given.take_all<output::Notice>();
  given.give(input::StreamFailed{{0}, make_error(ErrorContext::stream_read, 10334, "", "BSONObj size")});
  const std::string said = given.take<output::Notice>().text;
  EXPECT_NE(said.find("larger than 16 MB"), std::string::npos) << said;
  EXPECT_NE(said.find("--accept-gap"), std::string::npos) << said;
  EXPECT_EQ(said.find("no longer knows"), std::string::npos) << said;
  const Checkpoint checkpoint = given.make_durable();
  EXPECT_NE(checkpoint.streams[0].gap_reason.find("larger than 16 MB"), std::string::npos);
  const auto finished = given.take<output::Finished>();
  EXPECT_EQ(finished.reason, output::StopReason::gap);
  EXPECT_NE(finished.text.find("larger than 16 MB"), std::string::npos) << finished.text;
}

TEST(EngineStreams, AServiceWithNothingButGapsDoesNotSayThatItWatches) {
  EngineOptions options = Harness::options();
  options.resume_from.streams = {{"db.coll", {PositionKind::resume_after, Harness::token_of("old"), 0}, ""}};
  Harness given(options);
  given.give(input::TargetReady{});
  Error error;
  error.code = 286;
  error.treatment = Treatment::history_lost;
  given.give(input::StreamFailed{{0}, error});
  given.make_durable();
  EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::gap);
  EXPECT_FALSE(given.has<output::Watching>());
}

TEST(EngineStreams, AnEventThatIsNeverUnderstoodIsNamedWithItsPosition) {
  Harness given(Harness::options());
  given.start();
  const std::string no_event = R"({"_id":)" + token("b") + "}";
  std::vector<int> said_at;
  for (int attempt = 1; attempt <= 40; ++attempt) {
    // The first one stands behind an event that is understood.
    given.batch((attempt == 1 ? insert("a", "1") + "," : "") + no_event, "b");
    for (const auto& notice : given.take_all<output::Notice>()) {
      if (notice.level != output::Level::error) continue;
      EXPECT_NE(notice.text.find(named("a")), std::string::npos) << notice.text;
      said_at.push_back(attempt);
    }
    given.pass_ms(10'000);
    EXPECT_EQ(given.take<output::OpenStream>().position.token, Harness::token_of("a"));
    given.give(input::StreamOpened{{0}, {}});
    given.take_all<output::ReadStream>();
  }
  EXPECT_EQ(said_at, (std::vector<int>{5, 20, 40}));
  const std::string detail = given.engine().status().streams[0].detail;
  EXPECT_NE(detail.find("40 times at the same position"), std::string::npos) << detail;
  given.batch(insert("b", "2"), "b");
  EXPECT_TRUE(given.engine().status().streams[0].detail.empty());
}

TEST(EngineStreams, ALostCursorIsOpenedAgainBehindTheLastEventRead) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1"), "after");
  Error error;
  error.code = 43;
  error.treatment = Treatment::cursor_lost;
  given.give(input::StreamFailed{{0}, error});
  given.pass_ms(6'000);
  EXPECT_EQ(given.take<output::OpenStream>().position.token, Harness::token_of("after"));
}

TEST(EngineMemory, ReadingPausesWhenMemoryIsFullAndGoesOnAfterAcknowledgements) {
  EngineOptions options = Harness::options();
  options.memory_bytes_max = 2'000;
  Harness given(options);
  given.start();
  given.take_all<output::ReadStream>();
  given.batch(insert("a", "1") + "," + insert("b", "2") + "," + insert("c", "3") + "," + insert("d", "4"),
              "d");
  EXPECT_FALSE(given.has<output::ReadStream>());
  EXPECT_EQ(given.engine().status().streams[0].state, StreamState::paused);
  for (const auto& write : given.take_all<output::Write>()) given.acknowledge(write);
  EXPECT_TRUE(given.has<output::ReadStream>());
}

TEST(EngineMemory, RepairsOfLargeDocumentsAreMadeAFewAtATime) {
  EngineOptions options = killed_before();
  options.memory_bytes_max = 8u << 20;
  Harness given(options);
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  given.batch(inserts(1, 500), "a");
  given.make_all_durable();
  while (given.has<output::Write>()) given.acknowledge(given.take<output::Write>());
  const std::string padding(100'000, 'x');
  uint64_t most = 0;
  for (int i = 0; i < 50; ++i) {
    given.pass_ms(1'000);
    for (const auto& compare : given.take_all<output::Compare>()) {
      input::Compared answer{compare.id, {}, {}};
      for (const OwnedValue& id : compare.ids) {
        const std::string text = std::to_string(id.view().as_int32());
        answer.keys.push_back(
            {false, *from_extended_json(R"({"_id":)" + text + R"(,"p":")" + padding + R"("})")});
      }
      given.give(std::move(answer));
    }
    most = std::max(most, given.engine().status().memory_bytes);
  }
  EXPECT_GT(most, 0U);
  EXPECT_LE(most, options.memory_bytes_max / 2) << "the target takes nothing meanwhile";
}

std::string collection_name(size_t stream) { return "c" + std::to_string(stream); }

EngineOptions with_streams(size_t count, uint64_t memory_bytes_max) {
  EngineOptions options;
  options.filter = NamespaceFilter({{"db", ""}}, {});
  options.memory_bytes_max = memory_bytes_max;
  for (size_t i = 0; i < count; ++i) {
    options.streams.push_back({ScopeLevel::collection, {"db", collection_name(i)}});
    options.resume_from.streams.push_back(
        {"db." + collection_name(i), {PositionKind::resume_after, Harness::token_of("old"), 0}, ""});
  }
  options.resume_from.clean_end = true;
  return options;
}

void open_all(Harness& given, size_t count) {
  given.give(input::TargetReady{});
  for (uint32_t i = 0; i < count; ++i) given.give(input::StreamOpened{{i}, {}});
  given.make_durable();
}

// Inserts of so many bytes from each stream, acknowledged, until its reads have grown; gives the last ones.
std::vector<output::ReadStream> after_inserts(Harness& given, uint32_t count, size_t bytes) {
  std::vector<output::ReadStream> reads;
  const std::string document = R"({"_id":1,"p":")" + std::string(bytes, 'x') + R"("})";
  for (int round = 0; round < 15; ++round) {
    given.take_all<output::ReadStream>();
    reads.clear();
    for (uint32_t i = 0; i < count; ++i) {
      const std::string name = std::to_string(round) + "_" + std::to_string(i);
      given.batch(event(name, "insert", "1", document, collection_name(i)), name, i);
      for (const WriteBatch& write : given.take_all<output::Write>()) given.acknowledge(write);
      reads.push_back(given.take<output::ReadStream>());
    }
  }
  return reads;
}

TEST(EngineMemory, ManyWritersShareWhatCommandsMayHold) {
  constexpr uint32_t writers = 8;
  EngineOptions options = Harness::options(writers);
  options.memory_bytes_max = 16u << 20;
  Harness given(options);
  given.start();
  const std::string large(100'000, 'x');
  std::string events;
  for (int id = 1; id <= 60; ++id)
    events += (id > 1 ? "," : "") +
              insert("a" + std::to_string(id), std::to_string(id), ",\"x\":\"" + large + "\"");
  given.batch(events, "a60");
  const std::vector<WriteBatch> commands = given.take_all<output::Write>();
  EXPECT_EQ(commands.size(), writers);
  for (const WriteBatch& command : commands)
    EXPECT_LE(command.bytes, options.memory_bytes_max / 4 / writers) << "the driver has a copy of each";
}

TEST(EngineMemory, AsksForOneEventWhereNothingIsKnownOfTheirSize) {
  Harness given(with_streams(500, 256u << 20));
  open_all(given, 500);
  const auto reads = given.take_all<output::ReadStream>();
  ASSERT_EQ(reads.size(), 500U) << "all of them wait for their next event";
  for (const auto& read : reads) EXPECT_EQ(read.events_max, 1U);
}

TEST(EngineMemory, ReadsUnderWayCountAsWhatTheyMayBring) {
  constexpr uint64_t kLimit = 8u << 20;
  constexpr uint64_t kEvent = 100'000;
  Harness given(with_streams(20, kLimit));
  open_all(given, 20);
  const auto reads = after_inserts(given, 20, kEvent);
  ASSERT_EQ(reads.size(), 20U);
  uint64_t beyond_the_first = 0;
  for (const auto& read : reads) beyond_the_first += (read.events_max - 1) * kEvent;
  EXPECT_LE(beyond_the_first, kLimit);
  EXPECT_GT(beyond_the_first, kLimit / 2) << "what there is is used";
}

TEST(EngineMemory, StreamsThatAreIdleLeaveRoomToABusyOne) {
  Harness given(with_streams(100, 64u << 20));
  open_all(given, 100);
  after_inserts(given, 100, 1'000);
  for (uint32_t i = 0; i < 100; ++i) given.batch("", "idle", i);
  const auto idle = given.take_all<output::ReadStream>();
  ASSERT_EQ(idle.size(), 100U);
  constexpr uint32_t kMost = (64u << 20) / 4 / 100 / (16u << 10);
  for (const auto& read : idle) EXPECT_EQ(read.events_max, kMost) << "all of them may bring large ones";
  uint32_t asked_by_the_busy_one = 0;
  for (int round = 0; round < 10; ++round) {
    given.batch(event("b", "delete", "1", "", collection_name(7)), "b", 7);
    asked_by_the_busy_one = given.take<output::ReadStream>().events_max;
  }
  EXPECT_GT(asked_by_the_busy_one, 1'000U);
}

TEST(EngineDisk, EventsThatComeOneByOneShareACheckpoint) {
  Harness given(Harness::options());
  given.start();
  for (const std::string name : {"a", "b", "c"}) {
    given.take_all<output::ReadStream>();
    given.batch(insert(name, "1"), name);
    given.acknowledge(given.take<output::Write>());
    EXPECT_FALSE(given.has<output::Persist>());
  }
  given.pass_ms(50);
  EXPECT_EQ(name_of(given.make_durable()), named("c"));
}

TEST(EngineDisk, AFailingDiskPausesReadingAndIsTriedAgain) {
  Harness given(Harness::options());
  given.start();
  given.take_all<output::ReadStream>();
  given.batch(insert("a", "1"), "a");
  given.take_all<output::ReadStream>();
  given.acknowledge(given.take<output::Write>());
  given.pass_ms(50);
  const auto persist = given.take<output::Persist>();
  Error full;
  full.code = kErrorLocalDisk;
  full.message = "No space left on device";
  given.give(input::CheckpointFailed{persist.checkpoint.generation, full});
  given.batch("", "b");
  EXPECT_FALSE(given.has<output::ReadStream>());
  given.pass_ms(6'000);
  given.make_durable();
  EXPECT_TRUE(given.has<output::ReadStream>());
}

TEST(EngineStop, NamesItsReasonAlsoWhenTheLastPositionCannotBeMadeDurable) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1") + "," + insert("b", "2"), "b");
  given.refuse(given.take<output::Write>(), 1, Treatment::permanent);
  Error full;
  full.code = kErrorLocalDisk;
  full.message = "No space left on device";
  while (!given.has<output::Finished>()) {
    for (const auto& persist : given.take_all<output::Persist>())
      given.give(input::CheckpointFailed{persist.checkpoint.generation, full});
    given.pass_ms(1'000);
    ASSERT_LT(given.now_us_, 100'000'000);
  }
  const auto finished = given.take<output::Finished>();
  EXPECT_EQ(finished.reason, output::StopReason::local_disk);
  EXPECT_NE(finished.text.find("the target refuses the document with _id"), std::string::npos)
      << finished.text;
  EXPECT_NE(finished.text.find("could not be made durable"), std::string::npos) << finished.text;
}

TEST(EngineStop, NeverCutsACharacterOfALongId) {
  for (std::string id : {"\"", "\"1", "\"12"}) {
    while (id.size() < 200) id += "€";
    id += '"';
    Harness given(Harness::options());
    given.start();
    given.batch(insert("a", id), "a");
    given.refuse(given.take<output::Write>(), 0, Treatment::permanent);
    given.make_durable();
    const std::string text = given.take<output::Finished>().text;
    EXPECT_NE(text.find("€... of "), std::string::npos) << text;
  }
}

// The first try may still land, and no session of the next process refuses it.
TEST(EngineStop, RemembersWhatASplitBatchOfUnknownOutcomeLeaves) {
  Harness given(Harness::options(1));
  given.start();
  TargetLimits limits;
  limits.refuses_late_writes = true;
  given.give(input::TargetReady{limits});
  given.batch(insert("a", "1") + "," + insert("b", "2") + "," + insert("c", "3") + "," + insert("d", "4"),
              "d");
  given.fail(given.take<output::Write>(), Treatment::retry, true);
  given.pass_ms(10'000);
  given.fail(given.take<output::Write>(), Treatment::split, false);
  const auto half = given.take<output::Write>();
  EXPECT_EQ(half.operations.size(), 2u);
  given.give(input::Stop{});
  given.acknowledge(half);
  Checkpoint last;
  while (given.has<output::Persist>()) last = given.make_durable();
  ASSERT_TRUE(given.has<output::Finished>());
  EXPECT_EQ(last.suspects.size(), 2u);
}

TEST(EngineStop, FinishesWhatIsInFlightAndPersistsBeforeItEnds) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1"), "a");
  const auto write = given.take<output::Write>();
  given.give(input::Stop{});
  EXPECT_FALSE(given.has<output::Finished>());
  given.acknowledge(write);
  EXPECT_FALSE(given.has<output::Finished>());
  EXPECT_EQ(name_of(given.make_durable()), named("a"));
  EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::requested);
  EXPECT_TRUE(given.engine().finished());
}

// The others go on for long, and a restart would try the dead position again.
TEST(EngineStreams, AGapIsMadeDurableAtOnce) {
  Harness given(two_streams());
  given.give(input::TargetReady{});
  for (const uint32_t stream : {0U, 1U}) given.give(input::StreamOpened{{stream}, {}});
  given.make_all_durable();
  given.give(input::StreamFailed{{1}, make_error(ErrorContext::stream_read, 286, "", "lost")});
  EXPECT_FALSE(given.make_durable().streams.at(1).gap_reason.empty());
}

// Some servers answer empty although there is more.
TEST(EngineSendWindow, AnEmptyAnswerDoesNotEndWhatAKilledProcessMayHaveSent) {
  Harness given(killed_before());
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  given.batch("", "a");
  given.batch(insert("b", "1"), "b");
  EXPECT_EQ(given.engine().status().suspects, 1U);
  given.make_all_durable();
  given.acknowledge(given.take<output::Write>());
  given.pass_ms(5'000);
  given.batch("", "b");
  given.batch(insert("c", "2"), "c");
  EXPECT_EQ(given.engine().status().suspects, 1U);
}

TEST(EngineDisk, ThatFailsIsTriedAgainAfterAPause) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1"), "a");
  given.acknowledge(given.take<output::Write>());
  given.pass_ms(50);
  Error full;
  full.code = kErrorLocalDisk;
  given.give(input::CheckpointFailed{given.take<output::Persist>().checkpoint.generation, full});
  given.pass_ms(1);
  EXPECT_FALSE(given.has<output::Persist>());
  given.pass_ms(6'000);
  EXPECT_TRUE(given.has<output::Persist>());
}

// As the original service counts: what was applied, whatever came of the older versions of a document.
TEST(EngineStats, AreTheOriginalServicesAndGoOnAfterARestart) {
  EngineOptions options = Harness::options();
  options.resume_from.stats = {.total_synced = 10, .inserts = 4, .updates = 3, .deletes = 2, .errors = 1};
  Harness given(options);
  given.start();
  given.batch(insert("a", "1") + "," + event("b", "update", "1", R"({"_id":1})") + "," +
                  replace("c", "2", "") + "," + remove("d", "3") + "," + event("e", "update", "4", "null"),
              "e");
  while (given.has<output::Write>()) given.acknowledge(given.take<output::Write>());
  given.pass_ms(1'000);
  const SyncStats expected{.total_synced = 14, .inserts = 5, .updates = 5, .deletes = 3, .errors = 1};
  EXPECT_EQ(given.make_durable().stats, expected);
}

}  // namespace
}  // namespace ddsync::test
