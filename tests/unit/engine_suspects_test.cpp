// When a key is compared, and what a comparison proves (suspects.h). Whole histories with crashes: tests/sim.
#include "support/schema_events.h"

namespace ddsync::test {
namespace {

EngineOptions options_of_database() {
  EngineOptions options = whole_database();
  options.late_write_max = Duration::seconds(150);
  return options;
}

class EngineSuspects : public ::testing::Test {
 protected:
  // A write of db.coll's document 1 whose outcome is unknown; its retry is sent and not answered.
  WriteBatch retry_after_unknown_outcome() {
    given.start();
    given.batch(insert("a", "1"), "a");
    given.fail(given.take<output::Write>(), Treatment::retry, true);
    settle_disk(given);
    given.pass_ms(6'000);
    return given.take<output::Write>();
  }
  output::Compare first_comparison() {
    given.acknowledge(retry_after_unknown_outcome());
    settle_disk(given);
    given.pass_ms(1'000);
    return given.take<output::Compare>();
  }
  void is_equal(const output::Compare& compare) { given.give(input::Compared{compare.id, {{true, {}}}, {}}); }
  void differs(const output::Compare& compare) {
    given.give(input::Compared{compare.id, {{false, *from_extended_json(R"({"_id":1,"v":9})")}}, {}});
  }
  uint64_t suspects() { return given.engine().status().suspects; }

  Harness given{options_of_database()};
};

TEST_F(EngineSuspects, AreNotComparedWhileTheyAreWritten) {
  const WriteBatch write = retry_after_unknown_outcome();
  given.pass_ms(2'000);
  EXPECT_FALSE(given.has<output::Compare>());
  given.acknowledge(write);
  given.pass_ms(1'000);
  EXPECT_TRUE(given.has<output::Compare>());
}

// A repair would meet it.
TEST_F(EngineSuspects, AreNotComparedAtASchemaChange) {
  given.acknowledge(retry_after_unknown_outcome());
  given.batch(event("d", "drop", "", "", "other"), "d");
  settle_disk(given);
  const auto change = given.take<SchemaChange>();
  given.pass_ms(2'000);
  EXPECT_FALSE(given.has<output::Compare>());
  succeed(given, change);
  settle_disk(given);
  given.pass_ms(1'000);
  EXPECT_TRUE(given.has<output::Compare>());
}

TEST_F(EngineSuspects, ThatDifferAreNotRepairedAtASchemaChange) {
  const auto compare = first_comparison();
  given.batch(event("d", "drop", "", "", "other"), "d");
  differs(compare);
  EXPECT_FALSE(given.has<output::Write>());
  settle_disk(given);
  succeed(given, given.take<SchemaChange>());
  settle_disk(given);
  given.pass_ms(1'000);
  differs(given.take<output::Compare>());
  EXPECT_TRUE(given.has<output::Write>());
}

// The late write may have come while the answer was on its way.
TEST_F(EngineSuspects, AreNotProvenByAComparisonThatBeganBeforeNothingCouldLand) {
  const auto compare = first_comparison();
  given.pass_ms(151'000);
  is_equal(compare);
  EXPECT_EQ(suspects(), 1U);
  given.pass_ms(1'000);
  is_equal(given.take<output::Compare>());
  EXPECT_EQ(suspects(), 0U);
}

// It would write the older version over the newer one.
TEST_F(EngineSuspects, ThatAreWrittenDuringAComparisonAreNotRepairedByIt) {
  const auto compare = first_comparison();
  given.batch(replace("b", "1", R"(,"v":10)"), "b");
  given.acknowledge(given.take<output::Write>());
  differs(compare);
  EXPECT_FALSE(given.has<output::Write>());
}

// The process before left document 5 of db.coll unproven.
EngineOptions with_suspect_of_before() {
  EngineOptions options = options_of_database();
  options.resume_from.streams = {{"db.*", {PositionKind::resume_after, Harness::token_of("t"), 0}, ""}};
  options.resume_from.clean_end = true;
  const auto wrapped = from_extended_json(R"({"_id":5})");
  options.resume_from.suspects = {{{"db", "coll"}, OwnedValue(find_value(wrapped->view(), "_id"))}};
  return options;
}

// The process before may have repaired it from what the source had under the name.
TEST(EngineSuspectsOfBefore, AreProvenOnlyWhenTheStreamHasToldAll) {
  Harness given(with_suspect_of_before());
  resume(given);
  given.pass_ms(151'000);
  const auto compared_equal = [&] {
    settle_disk(given);
    given.pass_ms(1'000);
    given.give(input::Compared{given.take<output::Compare>().id, {{true, {}}}, {}});
    return given.engine().status().suspects == 0;
  };
  given.batch(insert("a", "1"), "a");
  settle_disk(given);
  given.acknowledge(given.take<output::Write>());
  EXPECT_FALSE(compared_equal());
  given.pass_ms(6'000);
  given.batch("", "a");
  given.batch("", "a");  // asked for after that
  EXPECT_TRUE(compared_equal());
}

TEST_F(EngineSuspects, AreNotProvenByAnAnswerForFewerThanWereAskedFor) {
  given.start();
  given.batch(inserts(1, 2), "a");
  given.fail(given.take<output::Write>(), Treatment::retry, true);
  settle_disk(given);
  given.pass_ms(6'000);
  given.acknowledge(given.take<output::Write>());
  given.pass_ms(1'000);
  const auto compare = given.take<output::Compare>();
  ASSERT_EQ(compare.ids.size(), 2U);
  const uint64_t errors = given.engine().status().errors;
  is_equal(compare);
  EXPECT_EQ(given.engine().status().errors, errors + 1);
  given.pass_ms(6'000);
  EXPECT_EQ(given.take<output::Compare>().ids.size(), 2U) << "both are compared at once, again";
}

// The source's document may be newer than what the stream has told: it is about to tell the rest.
TEST_F(EngineSuspects, ThatNoEventToldOfAreRepairedOnlyWhenTheStreamHasToldAll) {
  given.start();
  given.batch(event("a", "update", "1", "null"), "a");
  given.batch("", "b");
  EXPECT_EQ(suspects(), 1U);
  settle_disk(given);
  given.pass_ms(1'000);
  const auto compare = given.take<output::Compare>();
  given.batch(insert("c", "2"), "c");
  given.acknowledge(given.take<output::Write>());
  differs(compare);
  EXPECT_FALSE(given.has<output::Write>());
  given.batch("", "c");
  given.pass_ms(1'000);
  differs(given.take<output::Compare>());
  EXPECT_TRUE(given.has<output::Write>());
}

TEST_F(EngineSuspects, ThatNoEventToldOfAreNotRepairedAfterALongSilence) {
  given.start();
  given.batch(event("a", "update", "1", "null"), "a");
  given.batch("", "b");
  settle_disk(given);
  given.pass_ms(1'000);
  const auto compare = given.take<output::Compare>();
  given.pass_ms(6'000);
  differs(compare);
  EXPECT_FALSE(given.has<output::Write>()) << "what has happened since may not be told yet";
  given.batch("", "b");
  given.pass_ms(1'000);
  differs(given.take<output::Compare>());
  EXPECT_TRUE(given.has<output::Write>());
}

// The one document may be of before the rename, the other one of after it.
TEST_F(EngineSuspects, AreComparedAnewBehindARenameToTheirName) {
  is_equal(first_comparison());
  given.pass_ms(151'000);
  const auto compare = given.take<output::Compare>();
  given.batch(renamed("r", "other", "coll"), "r");
  settle_disk(given);
  succeed(given, given.take<SchemaChange>());
  settle_disk(given);
  is_equal(compare);
  EXPECT_EQ(suspects(), 1U);
  given.pass_ms(1'000);
  is_equal(given.take<output::Compare>());
}

TEST(EngineLookups, AreInTheStateUntilALaterEventSaysAll) {
  Harness given(options_of_database());
  given.start();
  given.batch(event("a", "update", "1", "null"), "a");
  given.pass_ms(1'000);
  EXPECT_EQ(given.make_durable().missed_lookups, (std::vector<Namespace>{{"db", "coll"}}));
  given.batch(remove("b", "1"), "b");
  given.acknowledge(given.take<output::Write>());
  given.batch("", "b");
  EXPECT_EQ(given.engine().status().suspects, 0U);
  given.pass_ms(6'000);
  EXPECT_TRUE(given.make_durable().missed_lookups.empty());
}

TEST(EngineLookups, AreNotSettledByWhatAnotherStreamHasTold) {
  EngineOptions options = Harness::options();
  options.streams = {{ScopeLevel::collection, {"db", "coll"}}, {ScopeLevel::collection, {"db", "other"}}};
  const StreamPosition old = {PositionKind::resume_after, Harness::token_of("t"), 0};
  options.resume_from.streams = {{"db.coll", old, ""}, {"db.other", old, ""}};
  options.resume_from.clean_end = true;
  Harness given(options);
  given.give(input::TargetReady{});
  for (const uint32_t stream : {0U, 1U}) given.give(input::StreamOpened{{stream}, {}});
  given.batch(event("a", "update", "1", "null"), "a", 0);
  given.batch("", "b", 1);
  EXPECT_EQ(given.engine().status().suspects, 0U);
  given.batch("", "b", 0);
  EXPECT_EQ(given.engine().status().suspects, 1U);
}

// db.coll's document 1, refused for a value that another document holds, and once more.
void set_aside(Harness& given) {
  given.batch(insert("a", "1", R"(,"u":7)"), "a");
  while (given.has<output::Write>()) given.refuse(given.take<output::Write>(), 0, Treatment::duplicate_other);
  EXPECT_EQ(given.engine().status().operations_set_aside, 1U);
}

// What it waits for may be what the change removes; nothing else says what became of the document.
TEST(EngineSetAside, WhatASchemaChangeFindsIsCompared) {
  for (const bool rename : {true, false}) {
    Harness given(options_of_database());
    given.start();
    set_aside(given);
    given.batch(rename ? rename_to_other() : event("d", "drop", ""), "d");
    EXPECT_EQ(given.engine().status().operations_set_aside, 0U);
    EXPECT_EQ(given.engine().status().suspects, rename ? 2U : 1U) << "under both names";
    settle_disk(given);
    EXPECT_TRUE(given.has<SchemaChange>());
  }
}

// Some servers answer empty although there is more.
TEST(EngineSetAside, IsNotRefusedAtTheFirstEmptyAnswer) {
  Harness given(options_of_database());
  given.start();
  set_aside(given);
  given.batch("", "a");
  settle_disk(given);
  EXPECT_FALSE(given.has<output::Finished>());
  given.pass_ms(6'000);
  given.batch("", "a");
  given.batch("", "a");  // asked for after that
  settle_disk(given);
  EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::refused_document);
}

// A late write may have brought back the document that holds the value.
TEST(EngineSetAside, IsNotRefusedWhileDocumentsOfItsCollectionMayBeRepaired) {
  Harness given(with_suspect_of_before());
  resume(given);
  set_aside(given);
  for (int i = 0; i < 3; ++i) {
    given.pass_ms(6'000);
    given.batch("", "a");
    settle_disk(given);
  }
  EXPECT_FALSE(given.has<output::Finished>());
  EXPECT_EQ(given.engine().status().operations_set_aside, 1U);
}

// There is no insert to follow then.
TEST(EngineRefusals, OfARemovalThatWasToMakeRoomIsTheEndOfIt) {
  EngineOptions options = options_of_database();
  options.on_error = OnError::quarantine;
  Harness given(options);
  given.start();
  given.batch(replace("a", "1", R"(,"$set":1)"), "a");
  const auto refuse = [&](int code) {
    const auto write = given.take<output::Write>();
    WriteOutcome outcome;
    outcome.operation_errors.push_back({0, make_error(ErrorContext::write_operation, code, "", "no")});
    given.give(input::WriteFinished{write.writer, write.id, outcome});
  };
  refuse(52);
  refuse(121);
  given.give(input::QuarantineDurable{given.take<output::Quarantine>().id});
  EXPECT_FALSE(given.has<output::Write>());
  EXPECT_EQ(given.engine().status().events_waiting, 0U);
  EXPECT_EQ(given.engine().status().events_quarantined, 1U);
}

TEST(EngineLookups, AreMoreThanIsRememberedWhereALaterEventSaysAllOfOne) {
  EngineOptions options = options_of_database();
  options.resume_from.streams = {{"db.*", {PositionKind::resume_after, Harness::token_of("t"), 0}, ""}};
  options.resume_from.clean_end = true;
  options.resume_from.missed_lookups = {{"db", "coll"}};
  Harness given(options);
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  given.batch(event("a", "update", "1", "null") + "," + remove("b", "1") + "," + rename_to_other(), "r");
  EXPECT_EQ(given.engine().status().unproven_namespaces, 1U);
}

TEST(EngineLookups, OfMoreDocumentsThanAreRememberedLeaveARenamedCollectionNotProven) {
  for (const int documents : {10'000, 10'001}) {
    Harness given(options_of_database());
    given.start();
    std::string events;
    for (int id = 1; id <= documents; ++id) events += event("u", "update", std::to_string(id), "null") + ",";
    given.batch(events + rename_to_other(), "r");
    EXPECT_EQ(given.engine().status().suspects, 10'000U);
    EXPECT_EQ(given.engine().status().unproven_namespaces, documents == 10'000 ? 0U : 1U);
  }
}

}  // namespace
}  // namespace ddsync::test
