// The initial copy, one situation a test. Whole histories with crashes: tests/sim.
#include "support/engine_harness.h"

namespace ddsync::test {
namespace {

EngineOptions copying() {
  EngineOptions options = Harness::options();
  options.copy.mode = CopyMode::automatic;
  options.copy.readers = 1;
  options.spool_bytes_max = 1u << 20;
  return options;
}

OwnedValue id_of(int32_t id) {
  const auto wrapped = from_extended_json("{\"_id\":" + std::to_string(id) + "}");
  return OwnedValue(find_value(wrapped->view(), "_id"));
}

// Planned: one collection in two ranges.
input::CopyPlanned plan(uint64_t id) {
  const Namespace ns{"db", "coll"};
  PlannedCollection planned;
  planned.ns = ns;
  planned.documents = 4;
  planned.ranges = {{ns, 0, {}, id_of(2)}, {ns, 0, id_of(2), {}}};
  return {id, {planned}, std::nullopt};
}

RawBatch documents(const std::string& list) { return raw_batch(list, "{}"); }

// Opened, start durable, plan asked for.
output::PlanCopy ask_for_plan(Harness& given) {
  given.give(input::TargetReady{});
  given.take<output::OpenStream>();
  given.give(input::StreamOpened{{0}, {PositionKind::resume_after, Harness::token_of("start"), 0}});
  EXPECT_FALSE(given.has<output::PlanCopy>()) << "nothing is read before the start position is durable";
  EXPECT_EQ(given.make_durable().streams.at(0).copy, StreamCopy::planning);
  given.take<output::Watching>();
  return given.take<output::PlanCopy>();
}

// ... and the collection made on the target; the first range is asked for.
output::ReadRange begin(Harness& given) {
  given.give(plan(ask_for_plan(given).id));
  EXPECT_FALSE(given.has<SchemaChange>()) << "nothing is written before the plan is durable";
  given.make_durable();
  const auto prepare = given.take<SchemaChange>();
  EXPECT_EQ(prepare.kind, SchemaChangeKind::prepare_copy);
  given.give(input::SchemaChanged{prepare.writer, prepare.id, std::nullopt});
  return given.take<output::ReadRange>();
}

TEST(EngineCopy, BeginsWhenTheStartIsDurableAndWritesWhenThePlanIsDurable) {
  Harness given(copying());
  const output::ReadRange read = begin(given);
  EXPECT_FALSE(read.is_open);
  EXPECT_EQ(read.bounds.to, id_of(2));
  given.give(input::RangeBatch{read.reader, read.range, documents(R"({"_id":1},{"_id":2})"), true});
  const auto write = given.take<output::Write>();
  EXPECT_EQ(write.parts.front().kind, WriteKind::insert);
  EXPECT_EQ(write.operations.size(), 2u);
}

TEST(EngineCopy, KeepsChangesInTheSpoolAndAppliesThemWhenAllIsCopied) {
  Harness given(copying());
  output::ReadRange read = begin(given);
  const auto stream = given.take<output::ReadStream>();
  EXPECT_EQ(stream.spool_as, 1u);
  given.give(
      input::StreamSpooled{{0}, 1, {PositionKind::resume_after, Harness::token_of("a"), 0}, false, 100, {}});
  for (const char* list : {R"({"_id":1},{"_id":2})", R"({"_id":3})"}) {
    given.give(input::RangeBatch{read.reader, read.range, documents(list), true});
    given.acknowledge(given.take<output::Write>());
    if (given.has<output::ReadRange>()) read = given.take<output::ReadRange>();
  }
  EXPECT_FALSE(given.has<output::ReadSpool>())
      << "the indexes are not built, and that all is copied is not durable";
  const auto indexes = given.take<SchemaChange>();
  EXPECT_EQ(indexes.kind, SchemaChangeKind::build_indexes);
  given.give(input::SchemaChanged{indexes.writer, indexes.id, std::nullopt});
  given.make_all_durable();
  EXPECT_EQ(given.take<output::ReadSpool>().sequence, 1u);
}

TEST(EngineCopy, GoesOnAfterARestartBehindTheLastDocumentThatTheTargetHas) {
  EngineOptions options = copying();
  {
    Harness given(options);
    const output::ReadRange read = begin(given);
    given.give(input::RangeBatch{read.reader, read.range, documents(R"({"_id":1})"), false});
    given.acknowledge(given.take<output::Write>());
    given.pass_ms(1'000);
    options.resume_from = given.make_durable();
  }
  ASSERT_EQ(options.resume_from.copies.size(), 1u);
  EXPECT_EQ(options.resume_from.copies[0].ranges.size(), 2u);

  Harness again(options);
  again.give(input::TargetReady{});
  again.take<output::OpenStream>();
  again.give(input::StreamOpened{{0}, {}});
  EXPECT_FALSE(again.has<output::PlanCopy>());
  const auto read = again.take<output::ReadRange>();
  EXPECT_EQ(read.bounds.to, id_of(2));
  EXPECT_EQ(read.after, id_of(1));
}

TEST(EngineCopy, ThatIsRefusedEndsTheServiceBeforeAnythingIsWritten) {
  Harness given(copying());
  Error refusal;
  refusal.treatment = Treatment::fatal;
  refusal.message = "db.coll holds documents on the target";
  given.give(input::CopyPlanned{ask_for_plan(given).id, {}, refusal});
  given.make_all_durable();
  const auto finished = given.take<output::Finished>();
  EXPECT_EQ(finished.reason, output::StopReason::copy_refused);
  EXPECT_EQ(finished.text, refusal.message);
  EXPECT_FALSE(given.has<output::Write>());
}

// The DocumentDB preview: no token before the first event, and no time.
TEST(EngineCopy, OfASourceWithoutAStartPositionReadsTheStreamIntoTheSpoolAllTheSame) {
  Harness given(copying());
  given.give(input::TargetReady{});
  given.take<output::OpenStream>();
  given.give(input::StreamOpened{{0}, {}});
  given.make_durable();
  const auto read = given.take<output::ReadStream>();
  EXPECT_EQ(read.spool_as, 1u) << "its cursor dies when nobody reads it, and a source forgets";
  given.give(
      input::StreamSpooled{{0}, 1, {PositionKind::resume_after, Harness::token_of("a"), 0}, false, 100, {}});
  const Checkpoint last = given.make_durable();
  EXPECT_EQ(last.streams.at(0).spool_end, 2u);
  EXPECT_EQ(given.take<output::ReadStream>().spool_as, 2u);

  EngineOptions options = copying();
  options.resume_from = last;
  options.spool = {{"db.coll", 1, 2, 100, {PositionKind::resume_after, Harness::token_of("a"), 0}}};
  Harness next(options);
  next.give(input::TargetReady{});
  EXPECT_EQ(next.take<output::OpenStream>().position.token, Harness::token_of("a"))
      << "what the spool holds goes on from its own end";
}

TEST(EngineCopy, BeginsAnewWhenNoPositionWasKnownBeforeTheRestart) {
  EngineOptions options = copying();
  options.copy.mode = CopyMode::off;
  StreamCheckpoint stream;
  stream.scope = "db.coll";
  stream.copy = StreamCopy::copying;
  options.resume_from.streams = {stream};
  CollectionLeft left;
  left.stream = "db.coll";
  left.ns = {"db", "coll"};
  options.resume_from.copies = {left};
  Harness given(options);
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  given.make_durable();
  EXPECT_TRUE(given.has<output::PlanCopy>());
  EXPECT_FALSE(given.has<output::ReadRange>());
}

// What speaks against the other one must still be told before anything is written.
TEST(EngineCopy, TouchesNothingBeforeAllStreamsArePlanned) {
  EngineOptions options = copying();
  options.streams.push_back({ScopeLevel::collection, {"db", "other"}});
  Harness given(options);
  given.give(input::TargetReady{});
  for (const uint32_t stream : {0u, 1u})
    given.give(input::StreamOpened{{stream}, {PositionKind::resume_after, Harness::token_of("s"), 0}});
  given.make_all_durable();
  const auto plans = given.take_all<output::PlanCopy>();
  ASSERT_EQ(plans.size(), 2u);
  EXPECT_EQ(given.engine().status().copy.value().phase, CopyPhase::checking);
  given.give(plan(plans[0].id));
  given.make_all_durable();
  EXPECT_FALSE(given.has<SchemaChange>());
  EXPECT_EQ(given.engine().status().copy.value().phase, CopyPhase::checking) << "of the other stream";
  given.give(input::CopyPlanned{plans[1].id, {}, std::nullopt});
  given.make_all_durable();
  EXPECT_EQ(given.take<SchemaChange>().kind, SchemaChangeKind::prepare_copy);
  EXPECT_EQ(given.engine().status().copy.value().phase, CopyPhase::copying);
}

TEST(EngineCopy, CountsAfterARestartWhatWasCopiedBefore) {
  EngineOptions options = copying();
  {
    Harness given(options);
    output::ReadRange read = begin(given);
    given.give(input::RangeBatch{read.reader, read.range, documents(R"({"_id":1},{"_id":2})"), true});
    given.acknowledge(given.take<output::Write>());
    read = given.take<output::ReadRange>();
    given.give(input::RangeBatch{read.reader, read.range, documents(R"({"_id":3})"), false});
    given.acknowledge(given.take<output::Write>());
    given.give(input::RangeBatch{read.reader, read.range, documents(R"({"_id":4})"), false});
    given.pass_ms(1'000);
    options.resume_from = given.make_durable();
  }
  ASSERT_EQ(options.resume_from.copies.size(), 1u);
  EXPECT_EQ(options.resume_from.copies[0].documents_done, 3u) << "the fourth is not acknowledged";

  Harness again(options);
  again.give(input::TargetReady{});
  again.give(input::StreamOpened{{0}, {}});
  EXPECT_EQ(again.engine().status().copy.value().documents_done, 3u);
  const auto read = again.take<output::ReadRange>();
  again.give(input::RangeBatch{read.reader, read.range, documents(R"({"_id":4})"), true});
  again.acknowledge(again.take<output::Write>());
  EXPECT_EQ(again.engine().status().copy.value().documents_done, 4u);
  EXPECT_EQ(again.engine().status().copy.value().documents_total, 4u);
}

TEST(EngineStart, AStreamThatIsOpenedAgainWithoutAPositionSaysWhatIsLost) {
  Harness given(Harness::options());
  given.give(input::TargetReady{});
  given.take<output::OpenStream>();
  given.give(input::StreamOpened{{0}, {}});
  given.make_durable();
  given.take<output::ReadStream>();
  Error error;
  error.treatment = Treatment::cursor_lost;
  given.give(input::StreamFailed{{0}, error});
  given.pass_ms(60'000);
  given.take_all<output::Notice>();
  given.take<output::OpenStream>();
  given.give(input::StreamOpened{{0}, {}});
  const auto notices = given.take_all<output::Notice>();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices.front().level, output::Level::error);
}

// A later start.
EngineOptions with_position() {
  EngineOptions options = Harness::options();
  options.late_write_max = Duration::seconds(150);
  options.resume_from.streams = {{"db.coll", {PositionKind::resume_after, Harness::token_of("t7"), 0}, ""}};
  return options;
}

// The stream caught up soon after the process that copied was killed, and the service was stopped.
TEST(EngineCopy, OfAKilledProcessIsRememberedUntilNothingOfItCanLand) {
  EngineOptions options = with_position();
  options.resume_from.streams[0].copy = StreamCopy::catching_up;
  for (const bool late : {false, true}) {
    Harness given(options);
    given.give(input::TargetReady{});
    given.give(input::StreamOpened{{0}, {}});
    given.take<output::ReadStream>();
    given.batch("", "t8");
    given.pass_ms(late ? 151'000 : 20'000);
    given.batch("", "t9");  // asked for before
    given.batch("", "t9");
    given.give(input::Stop{});
    Checkpoint last;
    while (given.has<output::Persist>()) last = given.make_durable();
    EXPECT_EQ(last.streams.at(0).copy, StreamCopy::none);
    EXPECT_TRUE(last.clean_end);
    EXPECT_EQ(last.streams.at(0).late_copies, !late);

    EngineOptions next = Harness::options();
    next.resume_from = last;
    Harness again(next);
    again.give(input::TargetReady{});
    again.give(input::StreamOpened{{0}, {}});
    again.batch(remove("a", "1"), "a");
    EXPECT_EQ(again.engine().status().suspects, late ? 0u : 1u);
  }
}

// One of its documents may land in what is gone then, and no event names it.
TEST(EngineCopy, OfAKilledProcessLeavesADroppedCollectionNotProven) {
  EngineOptions options = with_position();
  options.resume_from.streams[0].late_copies = true;
  for (const bool late : {false, true}) {
    Harness given(options);
    given.give(input::TargetReady{});
    given.give(input::StreamOpened{{0}, {}});
    if (late) given.pass_ms(151'000);
    given.batch(event("d", "drop", ""), "d");
    given.make_all_durable();
    const auto change = given.take<output::ChangeSchema>();
    given.give(input::SchemaChanged{change.writer, change.id, {}});
    EXPECT_EQ(given.engine().status().unproven_namespaces, late ? 0u : 1u);
  }
}

TEST(EngineCopy, OfAKilledProcessLeavesBothNamesOfARenameNotProven) {
  EngineOptions options = with_position();
  options.resume_from.streams[0].late_copies = true;
  Harness given(options);
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  given.batch(rename_to_other(), "r");
  given.make_all_durable();
  const auto change = given.take<output::ChangeSchema>();
  EXPECT_EQ(change.kind, SchemaChangeKind::rename);
  given.give(input::SchemaChanged{change.writer, change.id, {}});
  EXPECT_EQ(given.engine().status().unproven_namespaces, 2u);
}

TEST(EngineCopy, IsNotWantedForAStreamThatHasAPosition) {
  EngineOptions options = copying();
  options.resume_from.streams = with_position().resume_from.streams;
  Harness given(options);
  given.give(input::TargetReady{});
  given.take<output::OpenStream>();
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_FALSE(given.has<output::PlanCopy>());
  EXPECT_EQ(given.take<output::ReadStream>().spool_as, 0u);
}

// A stream of the database that watched db.coll until now, and shall watch db.other too.
EngineOptions with_a_collection_more(CopyMode mode) {
  EngineOptions options = Harness::options();
  options.copy.mode = mode;
  options.streams = {{ScopeLevel::database, {"db", ""}}};
  options.resume_from.streams = with_position().resume_from.streams;
  options.resume_from.streams[0].scope = "db.*";
  options.resume_from.watched = {
      {"db.*", std::make_shared<NamespaceFilter>(std::vector<NamespacePattern>{{"db", "coll"}},
                                                 std::vector<NamespacePattern>{})}};
  return options;
}

const std::vector<NamespacePattern>& watched(const Checkpoint& checkpoint) {
  return checkpoint.watched.at(0).filter->include();
}

TEST(EngineCopy, WhatIsWatchedInAdditionIsCopiedBeforeItsStreamGoesOn) {
  Harness given(with_a_collection_more(CopyMode::automatic));
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  const auto order = given.take<output::PlanCopy>();
  ASSERT_NE(order.covered, nullptr);
  EXPECT_TRUE(order.covered->contains("db", "coll"));
  EXPECT_FALSE(order.covered->contains("db", "other"));
  EXPECT_TRUE(given.engine().status().streams.at(0).state == StreamState::copying) << "its changes wait";

  given.give(input::CopyPlanned{order.id, {}, {}});
  EXPECT_EQ(watched(given.make_durable()).size(), 2u);
}

// ... and a plan that the last start did not come to is given up: a refused copy must not stop the changes.
TEST(EngineCopy, WithoutCopiesAStreamGoesOnThatWaitedForThoseOfWhatWasAdded) {
  EngineOptions options = with_a_collection_more(CopyMode::off);
  options.resume_from.streams[0].copy = StreamCopy::planning;
  Harness given(options);
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_FALSE(given.has<output::PlanCopy>());
  EXPECT_EQ(given.engine().status().streams.at(0).state, StreamState::live);
}

TEST(EngineCopy, WhatIsNotWatchedAnyMoreIsNotCopiedOnAndCountsAsAddedWhenItComesBack) {
  EngineOptions options = with_a_collection_more(CopyMode::automatic);
  options.filter = NamespaceFilter({{"db", "other"}}, {});
  options.resume_from.streams[0].copy = StreamCopy::copying;
  CollectionLeft left;
  left.stream = "db.*";
  left.ns = {"db", "coll"};
  left.step = CollectionLeft::Step::copy;
  left.ranges = {{{left.ns, 0, {}, {}}, {}}};
  options.resume_from.copies = {left};
  Harness given(options);
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_FALSE(given.has<output::ReadRange>());
  given.give(input::CopyPlanned{given.take<output::PlanCopy>().id, {}, {}});
  const Checkpoint checkpoint = given.make_durable();
  EXPECT_TRUE(checkpoint.copies.empty());
  EXPECT_EQ(watched(checkpoint), (std::vector<NamespacePattern>{{"db", "other"}}));
}

TEST(EngineCopy, WhatIsWatchedInAdditionIsOnlyFollowedWithoutCopies) {
  Harness given(with_a_collection_more(CopyMode::off));
  given.give(input::TargetReady{});
  const auto notices = given.take_all<output::Notice>();
  ASSERT_FALSE(notices.empty());
  EXPECT_NE(notices.front().text.find("db.*: watched, and not copied yet: db.other"), std::string::npos);
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_FALSE(given.has<output::PlanCopy>());
  given.batch(insert("a", "1"), "a");
  EXPECT_EQ(watched(given.make_durable()).size(), 1u) << "a later start with copies copies it";
}

// A crash in between would apply what the spool holds and copy again over it.
TEST(EngineCopy, TakesNothingOutOfTheSpoolBeforeTheStateSaysThatAllIsCopied) {
  Harness given(copying());
  output::ReadRange read = begin(given);
  given.give(
      input::StreamSpooled{{0}, 1, {PositionKind::resume_after, Harness::token_of("a"), 0}, false, 100, {}});
  given.make_all_durable();
  for (const char* list : {R"({"_id":1},{"_id":2})", R"({"_id":3})"}) {
    given.give(input::RangeBatch{read.reader, read.range, documents(list), true});
    given.acknowledge(given.take<output::Write>());
    if (given.has<output::ReadRange>()) read = given.take<output::ReadRange>();
  }
  given.make_all_durable();
  const auto indexes = given.take<SchemaChange>();
  given.give(input::SchemaChanged{indexes.writer, indexes.id, std::nullopt});
  given.pass_ms(10);
  EXPECT_FALSE(given.has<output::ReadSpool>());
  EXPECT_EQ(given.make_durable().streams.at(0).copy, StreamCopy::catching_up);
  EXPECT_TRUE(given.has<output::ReadSpool>());
}

// Of documents of `bytes` on their way to the target.
bool reads_on_behind(Harness& given, const output::ReadRange& read, size_t bytes) {
  const std::string large = R"({"_id":1,"padding":")" + std::string(bytes, 'x') + "\"}";
  given.give(input::RangeBatch{read.reader, read.range, documents(large), false});
  EXPECT_GE(given.engine().status().memory_bytes, bytes);
  return given.has<output::ReadRange>();
}

TEST(EngineCopy, ReadsNoFurtherThanItsMemoryGoes) {
  for (const bool fits : {true, false}) {
    EngineOptions options = copying();
    options.copy.memory_bytes_max = 100'000;
    options.copy.batch_bytes_max = 10'000;
    Harness given(options);
    const output::ReadRange read = begin(given);
    EXPECT_EQ(reads_on_behind(given, read, fits ? 50'000 : 100'000), fits);
    given.acknowledge(given.take<output::Write>());
    EXPECT_TRUE(given.has<output::ReadRange>());
  }
}

TEST(EngineCopy, OfWhatIsBeingReadCountsAsMuchAsItMayBring) {
  EngineOptions options = copying();
  options.copy.readers = 2;
  options.copy.batch_bytes_max = 60'000;
  options.copy.memory_bytes_max = 100'000;
  Harness given(options);
  const output::ReadRange read = begin(given);
  const auto other = given.take<output::ReadRange>();
  EXPECT_FALSE(reads_on_behind(given, read, 50'000));
  given.give(input::RangeBatch{other.reader, other.range, documents(R"({"_id":3})"), false});
  EXPECT_EQ(given.take_all<output::ReadRange>().size(), 1U);
}

// Nothing more is to be read than what a restart would have to read again.
TEST(EngineCopy, PausesWhileTheDiskOfTheStateFails) {
  Harness given(copying());
  const output::ReadRange read = begin(given);
  given.give(input::RangeBatch{read.reader, read.range, documents(R"({"_id":1})"), false});
  given.acknowledge(given.take<output::Write>());
  const auto next = given.take<output::ReadRange>();
  given.pass_ms(1'000);
  Error full;
  full.code = kErrorLocalDisk;
  given.give(input::CheckpointFailed{given.take<output::Persist>().checkpoint.generation, full});
  given.give(input::RangeBatch{next.reader, next.range, documents(R"({"_id":2})"), false});
  EXPECT_FALSE(given.has<output::ReadRange>());
  given.pass_ms(6'000);
  given.make_durable();
  EXPECT_TRUE(given.has<output::ReadRange>());
}

// It has to be copied anew, from a position that the source knows.
TEST(EngineCopy, OfAStreamInAGapReadsNoFurtherRange) {
  EngineOptions options = copying();
  options.streams.push_back({ScopeLevel::collection, {"db", "other"}});
  const StreamPosition old{PositionKind::resume_after, Harness::token_of("t7"), 0};
  options.resume_from.streams = {{"db.coll", old, ""}, {"db.other", old, ""}};
  options.resume_from.streams[0].copy = StreamCopy::copying;
  CollectionLeft left;
  left.stream = "db.coll";
  left.ns = {"db", "coll"};
  left.step = CollectionLeft::Step::copy;
  left.ranges = {{{left.ns, 0, {}, id_of(2)}, {}}, {{left.ns, 0, id_of(2), {}}, {}}};
  options.resume_from.copies = {left};
  for (const bool gap : {false, true}) {
    Harness given(options);
    given.give(input::TargetReady{});
    for (const uint32_t stream : {0u, 1u}) given.give(input::StreamOpened{{stream}, {}});
    const auto read = given.take<output::ReadRange>();
    if (gap) given.give(input::StreamFailed{{0}, make_error(ErrorContext::stream_read, 286, "", "too old")});
    given.give(input::RangeBatch{read.reader, read.range, documents(R"({"_id":1},{"_id":2})"), true});
    given.acknowledge(given.take<output::Write>());
    EXPECT_EQ(given.has<output::ReadRange>(), !gap);
  }
}

TEST(EngineCopy, OfACollectionMoreGoesOnWithWhatWasUnderWay) {
  for (const StreamCopy before : {StreamCopy::none, StreamCopy::copying}) {
    EngineOptions options = with_a_collection_more(CopyMode::automatic);
    options.resume_from.streams[0].copy = before;
    Harness given(options);
    given.give(input::TargetReady{});
    given.give(input::StreamOpened{{0}, {}});
    EXPECT_TRUE(given.has<output::PlanCopy>());
    given.give(input::Stop{});
    const bool was_copying = before == StreamCopy::copying;
    EXPECT_EQ(given.make_durable().streams.at(0).copy, was_copying ? before : StreamCopy::planning);
  }
}

// Its changes are not applied meanwhile.
TEST(EngineCopy, WhatIsNotWatchedAnyMoreIsNotTakenForCopied) {
  EngineOptions options = with_a_collection_more(CopyMode::automatic);
  options.filter = NamespaceFilter({{"db", "other"}}, {});
  options.resume_from.watched[0].filter = std::make_shared<NamespaceFilter>(
      std::vector<NamespacePattern>{{"db", "coll"}, {"db", "other"}}, std::vector<NamespacePattern>{});
  Harness given(options);
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_FALSE(given.has<output::PlanCopy>());
  given.batch(insert("a", "1"), "a");
  EXPECT_EQ(watched(given.make_durable()), (std::vector<NamespacePattern>{{"db", "other"}}));
}

// Such as at the DocumentDB preview: what the spool holds of its changes is behind all that is copied.
TEST(EngineCopy, IsNotBegunAnewWhereTheSpoolHoldsAllThatCameSince) {
  EngineOptions options = copying();
  StreamCheckpoint stream;
  stream.scope = "db.coll";
  stream.copy = StreamCopy::catching_up;
  stream.spool_end = 3;
  options.resume_from.streams = {stream};
  options.spool = {{"db.coll", 1, 3, 100, {PositionKind::resume_after, Harness::token_of("z"), 0}}};
  Harness given(options);
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_FALSE(given.has<output::PlanCopy>());
  EXPECT_TRUE(given.has<output::ReadSpool>());
}

// `documentdb-sync copy`, with one document copied and the unique indexes still to be built.
EngineOptions copied_only() {
  EngineOptions options = with_position();
  options.copy.mode = CopyMode::automatic;
  options.copy.only = true;
  options.resume_from.clean_end = true;
  options.resume_from.streams[0].copy = StreamCopy::catching_up;
  CollectionLeft left;
  left.stream = "db.coll";
  left.ns = {"db", "coll"};
  left.step = CollectionLeft::Step::late_indexes;
  options.resume_from.copies = {left};
  return options;
}

// The source has nothing more for `seconds`.
void is_idle(Harness& given, int seconds) {
  for (int i = 0; i < seconds; ++i) {
    given.pass_ms(1'000);
    given.batch("", "t8");
    given.make_all_durable();
  }
}

TEST(EngineCopyOnly, EndsWhenTheSourceHasSurelyNothingMore) {
  Harness given(copied_only());
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  is_idle(given, 1);
  const auto indexes = given.take<SchemaChange>();
  given.give(input::SchemaChanged{indexes.writer, indexes.id, std::nullopt});
  is_idle(given, 2);
  EXPECT_FALSE(given.has<output::Finished>()) << "one empty answer does not tell";
  is_idle(given, 10);
  EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::requested);
}

TEST(EngineCopyOnly, SaysThatIndexesWereRefused) {
  Harness given(copied_only());
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  is_idle(given, 1);
  const auto indexes = given.take<SchemaChange>();
  given.give(input::SchemaChanged{indexes.writer, indexes.id,
                                  make_error(ErrorContext::schema, 67, "", "cannot create")});
  is_idle(given, 12);
  EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::refused_document);
}

// What no event told of is settled by a comparison, which should not be left to a later run.
TEST(EngineCopyOnly, WaitsForAComparisonButNotForEver) {
  for (const bool answered : {true, false}) {
    Harness given(copied_only());
    given.give(input::TargetReady{});
    given.give(input::StreamOpened{{0}, {}});
    given.batch(event("u", "update", "1", "null"), "t8");
    is_idle(given, 1);
    const auto indexes = given.take<SchemaChange>();
    given.give(input::SchemaChanged{indexes.writer, indexes.id, std::nullopt});
    is_idle(given, 9);
    EXPECT_FALSE(given.has<output::Finished>());
    const auto compare = given.take<output::Compare>();
    if (answered) {
      given.give(input::Compared{compare.id, {{true, {}}}, {}});
      is_idle(given, 1);
    } else {
      is_idle(given, 15);
    }
    EXPECT_TRUE(given.has<output::Finished>()) << answered;
  }
}

// Nothing comes of its plan before somebody ends the gap.
TEST(EngineCopy, DoesNotWaitForTheOneOfAStreamInAGap) {
  EngineOptions options = copying();
  options.streams.push_back({ScopeLevel::collection, {"db", "other"}});
  StreamCheckpoint lost{"db.other", {PositionKind::resume_after, Harness::token_of("t7"), 0}, "lost"};
  lost.copy = StreamCopy::planning;
  options.resume_from.streams = {lost};
  Harness given(options);
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {PositionKind::resume_after, Harness::token_of("s"), 0}});
  given.make_all_durable();
  given.give(plan(given.take<output::PlanCopy>().id));
  given.make_all_durable();
  EXPECT_EQ(given.take<SchemaChange>().kind, SchemaChangeKind::prepare_copy);
}

}  // namespace
}  // namespace ddsync::test
