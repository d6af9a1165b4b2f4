// What leaves a collection not proven to be equal: it is told, and in the state. Whole histories with
// crashes: tests/sim, which takes a collection that is not proven for one that may differ and cannot miss the
// telling.
#include "support/schema_events.h"

namespace ddsync::test {
namespace {

using Names = std::vector<Namespace>;
const Namespace kColl{"db", "coll"};
const Namespace kOther{"db", "other"};

// One stream of db.coll and db.other, that goes on where an earlier process ended.
EngineOptions resumed() {
  EngineOptions options = whole_database();
  options.resume_from.streams = {{"db.*", {PositionKind::resume_after, Harness::token_of("t"), 0}, ""}};
  options.resume_from.clean_end = true;
  return options;
}

// The same of two streams.
EngineOptions resumed_of_two() {
  EngineOptions options = Harness::options(4);
  options.streams = {{ScopeLevel::collection, kColl}, {ScopeLevel::collection, kOther}};
  const StreamPosition old = {PositionKind::resume_after, Harness::token_of("t"), 0};
  options.resume_from.streams = {{"db.coll", old, ""}, {"db.other", old, ""}};
  options.resume_from.clean_end = true;
  return options;
}

void begin(Harness& given, uint32_t streams) {
  given.give(input::TargetReady{});
  for (uint32_t stream = 0; stream < streams; ++stream) given.give(input::StreamOpened{{stream}, {}});
  settle_disk(given);
}

void lose_history(Harness& given, uint32_t stream) {
  given.give(input::StreamFailed{{stream}, make_error(ErrorContext::stream_read, 286, "", "lost")});
}

// Of the next checkpoint.
Names not_proven(Harness& given) {
  given.pass_ms(6'000);
  EXPECT_TRUE(given.has<output::Persist>());
  return settle_disk(given).unproven_namespaces;
}

// It may come late and remove what was written since, and no key names it.
TEST(EngineNotProven, IsACollectionWhoseDropHasAnUnknownOutcome) {
  for (const bool unknown : {false, true}) {
    Harness given(resumed());
    begin(given, 1);
    given.batch(event("d", "drop", ""), "d");
    settle_disk(given);
    refuse(given, given.take<SchemaChange>(), Treatment::retry, unknown);
    given.pass_ms(6'000);
    succeed(given, given.take<SchemaChange>());
    EXPECT_EQ(not_proven(given), unknown ? Names{kColl} : Names{});
  }
}

// What it would have replaced is still there, if it was not carried out before.
TEST(EngineNotProven, IsTheNewNameOfWhatIsNotThereToBeRenamed) {
  Harness given(resumed());
  begin(given, 1);
  given.batch(rename_to_other(), "r");
  settle_disk(given);
  refuse(given, given.take<SchemaChange>(), Treatment::missing);
  EXPECT_EQ(not_proven(given), Names{kOther});
  catch_up(given, "r");
  EXPECT_EQ(given.take<SchemaChange>().kind, SchemaChangeKind::build_late_indexes)
      << "if it was, without them";
}

TEST(EngineNotProven, AreBothNamesOfARenameThatIsQuarantined) {
  EngineOptions options = resumed();
  options.on_error = OnError::quarantine;
  Harness given(options);
  begin(given, 1);
  given.batch(rename_to_other(), "r");
  settle_disk(given);
  refuse(given, given.take<SchemaChange>(), Treatment::permanent);
  EXPECT_EQ(not_proven(given), (Names{kColl, kOther}));
}

// Killed between a rename and its checkpoint: a late write may have brought the old name back, and the
// repetition puts that in the place of the whole collection.
TEST(EngineNotProven, IsWhatARepeatedRenameMayHaveReplaced) {
  for (const bool first : {true, false}) {
    EngineOptions options = resumed();
    options.resume_from.clean_end = false;
    Harness given(options);
    begin(given, 1);
    if (!first) given.batch(insert("i", "1"), "i");
    given.batch(rename_to_other(), "r");
    EXPECT_EQ(given.engine().status().unproven_namespaces, first ? 1U : 0U);
  }
}

// What the stream of the old name was to bring will never come.
TEST(EngineNotProven, IsTheNewNameWhenTheStreamOfTheOldOneIsInAGap) {
  Harness given(resumed_of_two());
  begin(given, 2);
  given.batch(insert("i", "1"), "i", 0);
  settle_disk(given);
  const auto before = given.take<output::Write>();
  lose_history(given, 0);
  given.batch(rename_to_other(), "r", 1);
  settle_disk(given);
  EXPECT_EQ(given.engine().status().events_waiting, 2U)
      << "the rename waits for what the other one has brought";
  given.acknowledge(before);
  EXPECT_EQ(not_proven(given), Names{kOther});
  EXPECT_FALSE(given.has<SchemaChange>());
  EXPECT_EQ(given.engine().status().events_waiting, 0U);
}

// A document that a killed process copied may land in what is dropped instead of being renamed.
TEST(EngineNotProven, AreBothNamesOfARenameSoonAfterACopyThatWasKilled) {
  EngineOptions options = resumed();
  options.resume_from.streams[0].copy = StreamCopy::catching_up;
  options.resume_from.clean_end = false;
  Harness given(options);
  begin(given, 1);
  given.batch(rename_to_other(), "r");
  settle_disk(given);
  const auto change = given.take<SchemaChange>();
  EXPECT_EQ(change.kind, SchemaChangeKind::drop) << "it is copied anew";
  succeed(given, change);
  EXPECT_EQ(not_proven(given), (Names{kColl, kOther}));
}

// The stream of the new name loses its history while the collection is copied anew: whoever ends the gap
// copies it.
TEST(EngineNotProven, IsWhatIsCopiedAnewWhenItsStreamFallsIntoAGap) {
  EngineOptions options = resumed_of_two();
  options.resume_from.streams[1].copy = StreamCopy::catching_up;
  Harness given(options);
  begin(given, 2);
  given.batch(rename_to_other(), "r", 0);
  given.batch(rename_to_other(), "r", 1);
  settle_disk(given);
  const auto change = given.take<SchemaChange>();
  EXPECT_EQ(change.kind, SchemaChangeKind::drop) << "the copy may have met either name";
  succeed(given, change);
  EXPECT_EQ(given.take<output::PlanCopy>().only, kOther);
  lose_history(given, 1);
  EXPECT_EQ(not_proven(given), Names{kOther});
  EXPECT_EQ(given.engine().status().events_waiting, 0U);
}

// Of updates that missed their documents before the restart it is not known which they were.
TEST(EngineNotProven, IsTheNewNameOfACollectionWithMissedUpdatesThatAreNotRemembered) {
  EngineOptions options = resumed();
  options.resume_from.missed_lookups = {kColl};
  Harness given(options);
  begin(given, 1);
  given.batch(rename_to_other(), "r");
  EXPECT_EQ(given.engine().status().unproven_namespaces, 1U);
}

// A drop that makes room for a copy, too.
TEST(EngineNotProven, IsACopyThatMayBeDroppedLate) {
  EngineOptions options = resumed();
  options.filter = NamespaceFilter({{"db", ""}}, {{"db", "out"}});
  options.copy.mode = CopyMode::automatic;
  options.spool_bytes_max = 1u << 20;
  Harness given(options);
  begin(given, 1);
  given.batch(renamed("r", "out", "coll"), "r");
  settle_disk(given);
  succeed(given, given.take<SchemaChange>());
  PlannedCollection planned;
  planned.ns = kColl;
  planned.ranges = {{kColl, 0, {}, {}}};
  given.give(input::CopyPlanned{given.take<output::PlanCopy>().id, {planned}, {}});
  const auto prepare = given.take<SchemaChange>();
  EXPECT_TRUE(prepare.replace) << "what is there under the name goes";
  refuse(given, prepare, Treatment::retry, true);
  EXPECT_EQ(not_proven(given), Names{kColl});
}

TEST(EngineNotProven, IsACollectionAlsoAfterARestartAndUnderItsNewName) {
  EngineOptions options = resumed();
  options.resume_from.unproven_namespaces = {kColl};
  Harness given(options);
  begin(given, 1);
  given.batch(rename_to_other(), "r");
  EXPECT_EQ(settle_disk(given).unproven_namespaces, Names{kColl});
  succeed(given, given.take<SchemaChange>());
  EXPECT_EQ(settle_disk(given).unproven_namespaces, (Names{kColl, kOther}));
}

}  // namespace
}  // namespace ddsync::test
