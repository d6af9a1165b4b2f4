// What is read of the source by name may be of the name's next life: the stream has yet to tell of a rename,
// a drop, a collection made anew. Whole histories with crashes: tests/sim.
#include "support/schema_events.h"

namespace ddsync::test {
namespace {

// Events come again and again, each a while after the one before: the stream keeps up and is never idle.
void keep_busy(Harness& given, int half_seconds, const std::string& name) {
  for (int i = 0; i < half_seconds; ++i) {
    given.pass_ms(500);
    const std::string id = std::to_string(1'000 + i);
    given.batch(event(name + id, "insert", id, R"({"_id":)" + id + "}", "traffic"), name + id);
    for (const WriteBatch& write : given.take_all<output::Write>()) given.acknowledge(write);
    settle_disk(given);
  }
}

output::Compare next_comparison(Harness& given) {
  for (int i = 0; i < 10 && !given.has<output::Compare>(); ++i) {
    given.pass_ms(200);
    settle_disk(given);
  }
  return given.take<output::Compare>();
}

void differs(Harness& given, const output::Compare& compare, const std::string& source_document) {
  OwnedDocument document;
  if (!source_document.empty()) document = *from_extended_json(source_document);
  given.give(input::Compared{compare.id, {{false, document}}, {}});
}

void is_equal(Harness& given, const output::Compare& compare) {
  given.give(input::Compared{compare.id, {{true, {}}}, {}});
}

PlannedCollection planned(const std::string& collection) {
  PlannedCollection one;
  one.ns = {"db", collection};
  one.ranges = {{one.ns, 0, {}, {}}};
  return one;
}

EngineOptions with_copies() {
  EngineOptions options = whole_database();
  options.copy.mode = CopyMode::automatic;
  options.copy.readers = 1;
  options.spool_bytes_max = 1u << 20;
  return options;
}

TEST(EngineOtherLife, IndexesWaitOnABusyStreamForWhatItTellsAfterTheListing) {
  Harness given(whole_database());
  given.start();
  keep_busy(given, 30, "before");
  given.batch(with_uuid(new_index("a"), kUuid), "a");
  keep_busy(given, 1, "build");
  answer_elsewhere(given, given.take<SchemaChange>());
  keep_busy(given, 18, "wait");
  EXPECT_FALSE(given.has<SchemaChange>());
  keep_busy(given, 4, "told");
  EXPECT_EQ(given.take<SchemaChange>().uuid, kOtherUuidText) << "and not whatever there is by then";
}

TEST(EngineOtherLife, IndexesWaitOnAnIdleStreamToo) {
  Harness given(whole_database());
  given.start();
  given.batch(with_uuid(new_index("a"), kUuid), "a");
  for (int i = 0; i < 8; ++i) catch_up(given, "a");
  const auto build = given.take<SchemaChange>();
  given.pass_ms(20'000);  // the target is slow
  catch_up(given, "a");
  answer_elsewhere(given, build);
  catch_up(given, "a");
  EXPECT_FALSE(given.has<SchemaChange>()) << "idle it was before, too";
}

TEST(EngineOtherLife, NothingIsBuiltUnderANameThatIsRenamedOrDropped) {
  for (const bool rename : {true, false}) {
    Harness given(whole_database());
    given.start();
    given.batch(with_uuid(new_index("a"), kUuid), "a");
    given.batch(rename ? with_uuid(renamed("r", "coll", "other"), kUuid) : event("r", "drop", ""), "r");
    settle_disk(given);
    succeed(given, given.take<SchemaChange>());
    settle_disk(given);
    catch_up(given, "r");
    for (const auto& change : given.take_all<SchemaChange>()) EXPECT_EQ(change.ns.collection, "other");
  }
}

// db.out comes into scope by a rename; a position is known.
EngineOptions with_one_out_of_scope() {
  EngineOptions options = with_copies();
  options.filter = NamespaceFilter({{"db", ""}}, {{"db", "out"}});
  options.resume_from.streams = {{"db.*", {PositionKind::resume_after, Harness::token_of("t"), 0}, ""}};
  options.resume_from.clean_end = true;
  return options;
}

// The copy of what came into scope reads the name's next life, which a plain rename would carry on.
TEST(EngineOtherLife, ACollectionThatCameIntoScopeAndIsRenamedOnIsCopiedOnceMore) {
  Harness given(with_one_out_of_scope());
  resume(given);
  given.batch(renamed("i", "out", "coll") + "," + renamed("r", "coll", "other") + "," + insert("n", "1"),
              "n");
  settle_disk(given);
  succeed(given, given.take<SchemaChange>());
  settle_disk(given);
  given.give(input::CopyPlanned{given.take<output::PlanCopy>().id, {planned("coll")}, {}});
  succeed(given, given.take<SchemaChange>());
  const auto read = given.take<output::ReadRange>();
  given.give(input::RangeBatch{read.reader, read.range, raw_batch(R"({"_id":1})", "{}"), true});
  given.acknowledge(given.take<output::Write>());
  succeed(given, given.take<SchemaChange>());
  settle_disk(given);
  settle_disk(given);
  EXPECT_EQ(given.take<SchemaChange>().kind, SchemaChangeKind::drop) << "in place of a rename";
}

TEST(EngineOtherLife, ARepairIsLookedAtAgainWhenARenameMadeBeforeItComes) {
  Harness given(whole_database());
  given.start();
  given.batch(insert("i", "1"), "i");
  given.acknowledge(given.take<output::Write>());
  given.batch(event("a", "update", "1", "null"), "a");
  given.batch("", "b");  // there is more
  settle_disk(given);
  differs(given, next_comparison(given), "");  // there is nothing under the name
  given.acknowledge(given.take<output::Write>());
  for (int i = 0; i < 10; ++i) given.pass_ms(200);
  EXPECT_FALSE(given.has<output::Compare>()) << "that would say equal";
  given.batch(rename_to_other(), "r");
  settle_disk(given);
  succeed(given, given.take<SchemaChange>());
  settle_disk(given);
  given.batch("", "r");
  EXPECT_EQ(next_comparison(given).ns.collection, "other");
}

TEST(EngineOtherLife, WhatIsEqualByNameAloneIsNotForgottenBeforeTheStreamHasToldAll) {
  Harness given(whole_database());
  given.start();
  given.batch(insert("i", "1"), "i");
  given.acknowledge(given.take<output::Write>());
  given.batch(event("a", "update", "1", "null") + "," + rename_to_other(), "r");
  settle_disk(given);
  succeed(given, given.take<SchemaChange>());
  settle_disk(given);
  is_equal(given, next_comparison(given));
  EXPECT_EQ(given.engine().status().suspects, 1U);
}

// A killed process may have carried out the rename that the stream is about to tell of.
TEST(EngineOtherLife, NothingIsComparedBeforeItsStreamHasAnswered) {
  EngineOptions options = whole_database();
  options.resume_from.streams = {{"db.*", {PositionKind::resume_after, Harness::token_of("t"), 0}, ""}};
  const auto wrapped = from_extended_json(R"({"_id":1})");
  options.resume_from.suspects = {{{"db", "coll"}, OwnedValue(find_value(wrapped->view(), "_id"))}};
  Harness given(options);
  given.give(input::TargetReady{});
  settle_disk(given);
  given.give(input::StreamOpened{{0}, {}});
  for (int i = 0; i < 10; ++i) given.pass_ms(200);
  EXPECT_FALSE(given.has<output::Compare>());
  given.batch("", "t");
  EXPECT_EQ(next_comparison(given).ns.collection, "coll");
}

TEST(EngineOtherLife, AnIndexIsNotGivenUpForADocumentWhoseRemovalIsUnderWay) {
  Harness given(whole_database());
  given.start();
  given.batch(remove("d", "1") + "," + with_uuid(new_index("a"), kUuid), "a");
  const auto removal = given.take<output::Write>();
  catch_up(given, "a");
  refuse(given, given.take<SchemaChange>(), Treatment::permanent);
  EXPECT_EQ(given.engine().status().indexes_left, 1U);
  given.acknowledge(removal);
  given.pass_ms(5'000);
  catch_up(given, "a");
  refuse(given, given.take<SchemaChange>(), Treatment::permanent);
  EXPECT_EQ(given.engine().status().indexes_refused, 1U);
}

// Both would copy it, the one into what the other copies.
TEST(EngineOtherLife, TwoRenamesToOneNameRunOneAfterTheOther) {
  EngineOptions options = with_copies();
  options.streams.clear();
  for (const char* name : {"coll", "other", "third"}) {
    options.streams.push_back({ScopeLevel::collection, {"db", name}});
    StreamCheckpoint stream{
        "db." + std::string(name), {PositionKind::resume_after, Harness::token_of("old"), 0}, ""};
    stream.copy = StreamCopy::catching_up;
    options.resume_from.streams.push_back(stream);
  }
  options.filter = NamespaceFilter({{"db", "coll"}, {"db", "other"}, {"db", "third"}}, {});
  options.resume_from.clean_end = true;
  Harness given(options);
  given.give(input::TargetReady{});
  for (uint32_t i = 0; i < 3; ++i) given.give(input::StreamOpened{{i}, {}});
  settle_disk(given);
  given.batch(renamed("r", "coll", "third"), "r", 0);
  given.batch(renamed("q", "other", "third"), "q", 1);
  for (int i = 0; i < 8; ++i) {
    given.pass_ms(1'000);
    given.batch("", "old", 2);
    settle_disk(given);
  }
  EXPECT_EQ(given.take_all<SchemaChange>().size(), 1U);
}

// What the target has under the name is not the source's.
TEST(EngineOtherLife, ACollectionThatCameIntoScopeAndIsGoneAgainGoesFromTheTarget) {
  Harness given(with_one_out_of_scope());
  resume(given);
  given.batch(renamed("i", "out", "coll"), "i");
  settle_disk(given);
  succeed(given, given.take<SchemaChange>());
  given.give(input::CopyPlanned{given.take<output::PlanCopy>().id, {}, {}});
  const auto prepare = given.take<SchemaChange>();
  EXPECT_EQ(prepare.kind, SchemaChangeKind::prepare_copy);
  EXPECT_TRUE(prepare.replace);
  given.give(input::Stop{});
  given.pass_ms(16'000);
  const Checkpoint last = given.make_durable();
  EXPECT_TRUE(last.copies.empty()) << "a restart meets the rename again";
  EXPECT_TRUE(last.streams.at(0).late_copies);
}

}  // namespace
}  // namespace ddsync::test
