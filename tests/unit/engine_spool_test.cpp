// What the engine keeps in the spool, one situation a test. Whole histories with crashes: tests/sim.
#include "support/engine_harness.h"

namespace ddsync::test {
namespace {

EngineOptions with_spool() {
  EngineOptions options = Harness::options();
  options.spool_bytes_max = 1u << 20;
  options.spool_patience = Duration::seconds(30);
  options.memory_bytes_max = 4'000;
  return options;
}

StreamPosition at(const std::string& name) {
  return {PositionKind::resume_after, Harness::token_of(name), 0};
}

// A state whose position has these entries of the spool behind it.
EngineOptions resumed(uint64_t spool_next, uint64_t spool_end) {
  EngineOptions options = with_spool();
  StreamCheckpoint stream;
  stream.scope = "db.coll";
  stream.position = at("t");
  stream.spool_next = spool_next;
  stream.spool_end = spool_end;
  options.resume_from.streams = {stream};
  return options;
}

// The same, and they are there.
EngineOptions with_entries(uint64_t spool_next, uint64_t spool_end) {
  EngineOptions options = resumed(spool_next, spool_end);
  options.spool = {{"db.coll", 1, spool_end, 1'000, at("z")}};
  return options;
}

// Large enough to fill the memory.
std::string large(const std::string& name, const std::string& id) {
  return insert(name, id, R"(,"padding":")" + std::string(4'000, 'x') + "\"");
}

// A stream that cannot be read for longer than it is patient.
void fill_memory_for_long(Harness& given) {
  given.start();
  given.batch(large("a", "1"), "a");
  EXPECT_FALSE(given.has<output::ReadStream>()) << "memory is full";
  given.pass_ms(31'000);
}

TEST(EngineSpool, BeginsAtTheWatermarkWhenTheTargetIsAwayForLong) {
  Harness given(with_spool());
  fill_memory_for_long(given);
  EXPECT_EQ(given.take<output::OpenStream>().position, at("start"))
      << "what is only in memory has to be in it";
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_EQ(given.take<output::ReadStream>().spool_as, 1u);
}

// A restart applies what is in the spool and reads nothing of the source before it again: what was known of
// that only in memory (suspects, indexes to be built) would be forgotten.
TEST(EngineSpool, BeginsAtTheDurablePositionWhenTheWatermarkIsAheadOfIt) {
  Harness given(with_spool());
  given.start();
  given.batch(insert("a", "1"), "a");
  given.acknowledge(given.take<output::Write>());
  given.take<output::ReadStream>();
  given.pass_ms(1'000);
  const uint64_t under_way = given.take<output::Persist>().checkpoint.generation;  // the disk hangs
  given.batch(large("b", "2"), "b");
  given.pass_ms(31'000);
  EXPECT_EQ(given.take<output::OpenStream>().position, at("start"));
  given.give(input::CheckpointDurable{under_way});
}

// The source is read again for the spool, from the durable position.
void rewind(Harness& given) {
  fill_memory_for_long(given);
  given.take<output::OpenStream>();
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_EQ(given.take<output::ReadStream>().spool_as, 1u);
}

void target_is_back(Harness& given) {
  given.acknowledge(given.take<output::Write>());
  given.make_all_durable();
}

TEST(EngineSpool, WhoseDiskFailsIsGivenUpWhenTheTargetIsBack) {
  Harness given(with_spool());
  rewind(given);
  given.give(input::StreamFailed{{0}, make_error(ErrorContext::stream_read, kErrorLocalDisk, "", "full")});
  EXPECT_EQ(given.engine().status().streams.at(0).state, StreamState::paused);
  target_is_back(given);
  given.pass_ms(6'000);
  given.take<output::OpenStream>();
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_EQ(given.take<output::OpenStream>().position, at("a"));
}

TEST(EngineSpool, ThatCannotBeginAnyMoreIsNoGapWhileMemoryHasTheChanges) {
  Harness given(with_spool());
  fill_memory_for_long(given);
  given.take<output::OpenStream>();
  given.give(input::StreamFailed{{0}, make_error(ErrorContext::stream_open, 286, "", "too old")});
  EXPECT_EQ(given.take<output::OpenStream>().position, at("a")) << "behind what is in memory";
  given.give(input::StreamOpened{{0}, {}});
  given.pass_ms(60'000);
  EXPECT_FALSE(given.has<output::OpenStream>()) << "there is still no spool to begin";
  EXPECT_NE(given.engine().status().streams.at(0).state, StreamState::gap);
  target_is_back(given);
  EXPECT_EQ(given.take<output::ReadStream>().spool_as, 0u);
}

// DESIGN invariant 14: a process that starts with the spool counts from its beginning.
TEST(EngineSpool, ThatIsAboutToBeginIsWhereTheNextProcessMayBegin) {
  Harness given(with_spool());
  given.start();
  given.batch(insert("a", "1") + "," + insert("b", "2"), "b");
  given.acknowledge(given.take<output::Write>());
  given.take<output::ReadStream>();
  given.pass_ms(1'000);
  const Checkpoint under_way = given.take<output::Persist>().checkpoint;
  EXPECT_EQ(under_way.streams[0].position, at("b"));
  EXPECT_GE(under_way.streams[0].may_be_sent, 2U + 500U) << "behind the position before";
}

TEST(EngineSpool, WhoseFolderIsDamagedIsNotBlamedOnTheSource) {
  Harness given(with_spool());
  rewind(given);
  Error damaged =
      make_error(ErrorContext::stream_read, kErrorLocalDisk, "DamagedState", "the spool is damaged");
  damaged.treatment = Treatment::fatal;
  given.give(input::StreamFailed{{0}, damaged});
  target_is_back(given);
  EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::local_disk);
}

// An old version, written again, must not outlive a newer one that the watermark has passed.
TEST(EngineSpool, ThatIsNotNeededAnyMoreBringsNothingTwice) {
  Harness given(with_spool());
  rewind(given);
  target_is_back(given);
  given.give(input::StreamBatch{{0}, raw_batch("", token("start"))});
  EXPECT_FALSE(given.has<output::ReadStream>());
  EXPECT_EQ(given.take<output::OpenStream>().position, at("a")) << "behind what was in memory";
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_EQ(given.take<output::ReadStream>().spool_as, 0u);
}

TEST(EngineSpool, IsReadInItsOrderAndTrimmedWhenItsEntriesAreDurablyApplied) {
  Harness given(with_spool());
  rewind(given);
  given.give(input::StreamSpooled{{0}, 1, at("a"), false, 4'100, {}});
  EXPECT_FALSE(given.has<output::ReadSpool>()) << "memory is still full";
  given.acknowledge(given.take<output::Write>());
  EXPECT_FALSE(given.has<output::ReadSpool>()) << "a start without the spool would not miss it yet";
  EXPECT_EQ(given.make_durable().streams[0].spool_end, 2u);
  EXPECT_EQ(given.take<output::ReadSpool>().sequence, 1u);
  RawBatch batch = raw_batch(insert("a", "1"), token("a"));
  given.give(input::SpoolBatch{{0}, 1, std::move(batch), at("a")});
  EXPECT_FALSE(given.has<output::TrimSpool>());
  // Of the batch that the rewind brings again, the event that was in memory is left out.
  given.make_all_durable();
  given.pass_ms(6'000);
  given.make_all_durable();
  EXPECT_EQ(given.take<output::TrimSpool>().before, 2u);
}

// Else the first read after it would ask for as many as before, however large they are by now.
TEST(EngineSpool, TellsOfTheSizesOfWhatGoesToIt) {
  EngineOptions options = with_spool();
  options.memory_bytes_max = 100'000;
  Harness given(options);
  given.start();
  const std::string padding(90'000, 'x');
  given.batch(insert("a", "1", R"(,"padding":")" + padding + '"'), "a");
  given.pass_ms(31'000);
  given.take<output::OpenStream>();
  given.give(input::StreamOpened{{0}, {}});
  uint64_t sequence = 0;
  const auto spooled = [&](uint64_t events, uint64_t of_bytes) {
    sequence += 1;
    const auto asked = given.take<output::ReadStream>().events_max;
    given.give(
        input::StreamSpooled{{0}, sequence, at("b"), false, 100, {events, events * of_bytes, of_bytes}});
    return asked;
  };
  for (int i = 0; i < 60; ++i) spooled(1, 100);
  const auto asked_of_small = spooled(1, 50'000);
  EXPECT_GT(asked_of_small, 1U);
  EXPECT_EQ(given.take<output::ReadStream>().events_max, 1U);
}

TEST(EngineSpool, ThatIsMissingThoughTheStateNeedsItIsRefused) {
  EngineOptions options = resumed(3, 5);
  Harness given(options);
  given.give(input::TargetReady{});
  given.make_all_durable();
  EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::local_disk);
}

TEST(EngineSpool, OfAnEarlierProcessIsAppliedFirstAndTheSourceIsReadOnBehindIt) {
  Harness given(with_entries(3, 5));
  given.give(input::TargetReady{});
  EXPECT_EQ(given.take<output::OpenStream>().position, at("z"));
  EXPECT_EQ(given.take<output::ReadSpool>().sequence, 3u);
}

// It was watched before and was not for a while, or its gap is accepted.
TEST(EngineSpool, OldEntriesAreNotThoseOfAStreamThatStartsAnew) {
  EngineOptions options = with_spool();
  options.spool = {{"db.coll", 1, 3, 1'000, at("z")}};
  Harness given(options);
  given.give(input::TargetReady{});
  EXPECT_FALSE(given.take<output::OpenStream>().position.known());
  given.give(input::StreamOpened{{0}, at("start")});
  const Checkpoint first = given.make_durable();
  EXPECT_EQ(first.streams[0].spool_next, 3u) << "the start position is behind them";
  EXPECT_EQ(given.take<output::TrimSpool>().before, 3u);
  given.take<output::ReadStream>();
  given.batch(large("a", "1"), "a");
  given.pass_ms(31'000);
  EXPECT_EQ(given.take<output::OpenStream>().position, at("start"));
}

// The state is older than they are, as after it was restored, or another one's: they follow on a position
// that it is not known to have reached.
TEST(EngineSpool, EntriesThatTheStateDoesNotNameAreNotTakenForItsContinuation) {
  EngineOptions options = resumed(1, 1);
  options.spool = {{"db.coll", 1, 3, 1'000, at("z")}};
  Harness given(options);
  given.give(input::TargetReady{});
  EXPECT_EQ(given.take<output::OpenStream>().position, at("t"));
  EXPECT_FALSE(given.has<output::ReadSpool>());
}

// Such as no descriptor that is free: a disk that fails for good is damaged.
TEST(EngineSpool, ThatCannotBeReadForAWhileIsReadAgain) {
  Harness given(with_entries(3, 5));
  given.give(input::TargetReady{});
  given.take<output::ReadSpool>();
  Error busy = make_error(ErrorContext::stream_read, kErrorLocalDisk, "LocalDisk", "too many open files");
  busy.treatment = Treatment::retry;
  given.give(input::SpoolFailed{{0}, busy});
  EXPECT_FALSE(given.has<output::Finished>());
  EXPECT_FALSE(given.has<output::ReadSpool>()) << "not at once";
  given.pass_ms(6'000);
  EXPECT_EQ(given.take<output::ReadSpool>().sequence, 3U);
  busy.treatment = Treatment::fatal;
  given.give(input::SpoolFailed{{0}, busy});
  given.make_all_durable();
  EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::local_disk);
}

TEST(EngineSpool, AHistoryLostBehindItIsAGapOnlyWhenAllOfItIsDecoded) {
  Harness given(with_entries(1, 2));
  given.give(input::TargetReady{});
  given.take<output::OpenStream>();
  given.take<output::ReadSpool>();
  given.give(input::SpoolBatch{
      {0}, 1, raw_batch(event("d", "drop", "") + "," + insert("e", "7"), token("z")), at("z")});
  given.give(input::StreamFailed{{0}, make_error(ErrorContext::stream_open, 286, "", "too old")});
  EXPECT_NE(given.engine().status().streams.at(0).state, StreamState::gap)
      << "an insert waits behind the drop";
}

// Of a quiet source: its answers move the position, and bring nothing.
TEST(EngineSpool, IsFollowedAlsoBehindAnIdleAnswer) {
  Harness given(with_entries(1, 3));
  given.give(input::TargetReady{});
  given.take<output::OpenStream>();
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_EQ(given.take<output::ReadStream>().spool_as, 3u);
  given.give(input::StreamBatch{{0}, raw_batch("", token("z2"))});
  EXPECT_EQ(given.take<output::ReadStream>().spool_as, 3u);
  given.take<output::ReadSpool>();
  given.give(input::SpoolBatch{{0}, 1, raw_batch(insert("a", "1"), token("a")), at("a")});
  given.take<output::ReadSpool>();
  given.give(input::SpoolBatch{{0}, 2, raw_batch(event("d", "drop", ""), token("z")), at("z")});
  given.give(input::StreamBatch{{0}, raw_batch("", token("z3"))});
  given.pass_ms(31'000);
  given.pass_ms(1);
  EXPECT_EQ(given.take<output::ReadStream>().spool_as, 3u) << "the schema change may take long";
}

TEST(EngineSpool, AHistoryLostBehindItIsAGapOnlyWhenItIsApplied) {
  Harness given(with_entries(1, 2));
  given.give(input::TargetReady{});
  given.take<output::OpenStream>();
  Error lost = make_error(ErrorContext::stream_open, 286, "ChangeStreamHistoryLost", "too old");
  given.give(input::StreamFailed{{0}, lost});
  EXPECT_NE(given.engine().status().streams.at(0).state, StreamState::gap);
  RawBatch batch = raw_batch(insert("a", "1"), token("z"));
  given.take<output::ReadSpool>();
  given.give(input::SpoolBatch{{0}, 1, std::move(batch), at("z")});
  EXPECT_EQ(given.engine().status().streams.at(0).state, StreamState::gap);
}

// After an outage of the target each of many streams has large entries: all at once would be many times the
// memory.
TEST(EngineSpool, EntriesOfSeveralStreamsAreTakenOutInTurnsWhereMemoryHasNoRoomForAll) {
  for (const uint64_t limit : {8'000U, 100'000U}) {
    EngineOptions options = with_entries(1, 3);
    options.memory_bytes_max = limit;
    options.streams.push_back({ScopeLevel::collection, {"db", "other"}});
    options.resume_from.streams.push_back(options.resume_from.streams.front());
    options.resume_from.streams.back().scope = "db.other";
    options.spool = {{"db.coll", 1, 3, 10'000, at("z")}, {"db.other", 1, 3, 10'000, at("z")}};
    Harness given(options);
    given.give(input::TargetReady{});
    auto asked = given.take_all<output::ReadSpool>();
    EXPECT_EQ(asked.size(), limit < 20'000 ? 1u : 2u);
    ASSERT_FALSE(asked.empty());
    EXPECT_EQ(asked.front().stream.value, 0u);
    if (asked.size() > 1) continue;
    given.give(input::SpoolBatch{{0}, 1, raw_batch(insert("a", "1"), token("a")), at("a")});
    asked = given.take_all<output::ReadSpool>();
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(asked.front().stream.value, 1u) << "the other one's turn";
  }
}

TEST(EngineSpool, ThatIsMissingInPartIsRefusedAndStillMissedByTheState) {
  for (const uint64_t end : {4U, 2U}) {
    EngineOptions options = resumed(3, 5);
    options.spool = {{"db.coll", 1, end, 1'000, at("z")}};
    Harness given(options);
    given.give(input::TargetReady{});
    const Checkpoint last = given.make_durable();
    EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::local_disk) << end;
    EXPECT_EQ(last.streams[0].spool_next, 3U);
    EXPECT_EQ(last.streams[0].spool_end, 5U) << "the next start has to refuse it, too";
  }
}

TEST(EngineSpool, WhoseFirstEntriesAreMissingIsRefusedAtEachStart) {
  EngineOptions options = resumed(3, 5);
  options.spool = {{"db.coll", 4, 5, 1'000, at("z")}};
  for (int starts = 0; starts < 2; ++starts) {
    Harness given(options);
    given.give(input::TargetReady{});
    const Checkpoint last = given.make_durable();
    EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::local_disk);
    EXPECT_EQ(last.streams[0].spool_next, 3U);
    EXPECT_FALSE(given.has<output::TrimSpool>());
    EXPECT_FALSE(given.has<output::OpenStream>());
    options.resume_from = last;
  }
}

// The next process would take what comes under older numbers for applied.
TEST(EngineSpool, GoesOnBehindWhatTheStateHasPassed) {
  EngineOptions options = resumed(5, 5);
  options.spool = {{"db.coll", 1, 3, 1'000, at("z")}};
  Harness given(options);
  given.give(input::TargetReady{});
  EXPECT_EQ(given.take<output::OpenStream>().position, at("t"));
  given.give(input::StreamOpened{{0}, {}});
  given.take<output::ReadStream>();
  given.batch(large("a", "1"), "a");
  given.pass_ms(31'000);
  given.take<output::OpenStream>();
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_EQ(given.take<output::ReadStream>().spool_as, 5U);
}

// What was read of it could not be read again.
TEST(EngineSpool, DoesNotBeginWhereTheSourceGaveNoPosition) {
  Harness given(with_spool());
  given.give(input::TargetReady{});
  given.take<output::OpenStream>();
  given.give(input::StreamOpened{{0}, {}});
  given.make_durable();
  given.take<output::ReadStream>();
  given.batch(large("a", "1"), "a");
  given.pass_ms(31'000);
  EXPECT_FALSE(given.has<output::OpenStream>());
  EXPECT_FALSE(given.has<output::ReadStream>());
  target_is_back(given);
  EXPECT_EQ(given.take<output::ReadStream>().spool_as, 0U);
}

// A copy of such a source was stopped: all that is known of its changes is the spool.
TEST(EngineSpool, IsGoneOnWithWhereNoPositionIsKnownButItsOwn) {
  EngineOptions options = with_entries(1, 3);
  options.resume_from.streams[0].position = {};
  Harness given(options);
  given.give(input::TargetReady{});
  EXPECT_EQ(given.take<output::OpenStream>().position, at("z"));
  given.give(input::StreamOpened{{0}, {}});
  EXPECT_TRUE(given.has<output::ReadStream>());
  EXPECT_TRUE(given.has<output::ReadSpool>());
}

// The first entry may begin before the position: older versions of a schema change's documents are in it.
TEST(EngineSpool, OfWhichAPartIsAppliedIsAppliedBehindThat) {
  Harness given(with_entries(1, 2));
  given.give(input::TargetReady{});
  given.take<output::ReadSpool>();
  given.give(
      input::SpoolBatch{{0}, 1, raw_batch(insert("t", "1") + "," + insert("u", "2"), token("z")), at("z")});
  given.make_all_durable();
  const auto write = given.take<output::Write>();
  ASSERT_EQ(write.operations.size(), 1U);
  EXPECT_EQ(write.operations[0].id.as_int32(), 2);
}

TEST(EngineSpool, ThatIsFullPausesItsStream) {
  for (const uint32_t bytes : {1'000U, 1U << 20}) {
    Harness given(with_spool());
    rewind(given);
    given.give(input::StreamSpooled{{0}, 1, at("b"), false, bytes, {}});
    EXPECT_EQ(given.engine().status().spool_bytes, bytes);
    EXPECT_EQ(given.has<output::ReadStream>(), bytes == 1'000U);
  }
}

TEST(EngineSpool, OfAnInvalidatedStreamGoesOnWithStartAfter) {
  Harness given(with_spool());
  rewind(given);
  const StreamPosition behind{PositionKind::start_after, Harness::token_of("i"), 0};
  given.give(input::StreamSpooled{{0}, 1, behind, true, 100, {}});
  EXPECT_TRUE(given.has<output::CloseStream>());
  EXPECT_EQ(given.take<output::OpenStream>().position, behind);
}

// ... is older than what is in memory.
TEST(EngineSpool, ThatIsAboutToBeginMovesNoPositionByAnIdleAnswer) {
  Harness given(with_spool());
  rewind(given);
  given.give(input::StreamBatch{{0}, raw_batch("", token("older"))});
  given.acknowledge(given.take<output::Write>());
  EXPECT_EQ(given.make_durable().streams[0].position, at("a"));
}

// The cursor was opened again when the invalidate was read.
TEST(EngineSpool, WithAnInvalidateClosesNoCursorWhenItIsTakenOut) {
  Harness given(with_entries(1, 2));
  given.give(input::TargetReady{});
  given.take<output::OpenStream>();
  given.give(input::StreamOpened{{0}, {}});
  given.take<output::ReadSpool>();
  given.give(input::SpoolBatch{{0}, 1, raw_batch(event("i", "invalidate", ""), token("z")), at("z")});
  given.batch(insert("a", "1"), "a");
  EXPECT_FALSE(given.has<output::CloseStream>());
}

}  // namespace
}  // namespace ddsync::test
