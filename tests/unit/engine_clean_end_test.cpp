// What the last checkpoint says of writes that may still be on their way, and what a start makes of it
// (DESIGN invariant 14). Whole histories with crashes: tests/sim.
#include "support/schema_events.h"

namespace ddsync::test {
namespace {

StreamPosition at(const std::string& name) {
  return {PositionKind::resume_after, Harness::token_of(name), 0};
}

EngineOptions resumed(bool clean_end) {
  EngineOptions options = Harness::options();
  options.resume_from.streams = {{"db.coll", at("t"), ""}};
  options.resume_from.clean_end = clean_end;
  return options;
}

// A copy that an earlier process had begun: one range is left, of which the target has nothing yet.
EngineOptions copying(bool clean_end) {
  EngineOptions options = resumed(clean_end);
  options.copy.mode = CopyMode::automatic;
  options.copy.readers = 1;
  options.spool_bytes_max = 1u << 20;
  options.resume_from.streams[0].copy = StreamCopy::copying;
  CollectionLeft left;
  left.stream = "db.coll";
  left.ns = {"db", "coll"};
  left.step = CollectionLeft::Step::copy;
  left.ranges = {{{left.ns, 0, {}, {}}, {}}};
  options.resume_from.copies = {left};
  return options;
}

void begin(Harness& given) {
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
}

void read(Harness& given, const std::string& documents, bool done) {
  const auto order = given.take<output::ReadRange>();
  given.give(input::RangeBatch{order.reader, order.range, raw_batch(documents, "{}"), done});
}

// Whatever is on its way is given up.
Checkpoint stop_late(Harness& given) {
  given.give(input::Stop{});
  given.pass_ms(16'000);
  const Checkpoint last = settle_disk(given);
  EXPECT_TRUE(given.has<output::Finished>());
  return last;
}

// Killed behind it, the next start would take a document on its way for one that was never sent.
TEST(EngineCleanEnd, IsTakenBackDurablyBeforeACopyWrites) {
  Harness given(copying(true));
  begin(given);
  read(given, R"({"_id":1})", true);
  EXPECT_FALSE(given.has<output::Write>());
  EXPECT_FALSE(given.make_durable().clean_end);
  EXPECT_TRUE(given.has<output::Write>());
}

TEST(EngineCleanEnd, IsNoneWithAWriteThatWasNotAnswered) {
  for (const bool answered : {false, true}) {
    Harness given(resumed(true));
    begin(given);
    settle_disk(given);
    given.batch(insert("a", "1"), "a");
    settle_disk(given);
    const auto write = given.take<output::Write>();
    if (answered) given.acknowledge(write);
    const Checkpoint last = stop_late(given);
    EXPECT_EQ(last.clean_end, answered);
    EXPECT_EQ(last.suspects.size(), answered ? 0U : 1U);
  }
}

TEST(EngineCleanEnd, IsNoneWithASchemaChangeThatWasNotAnswered) {
  Harness given(resumed(true));
  begin(given);
  settle_disk(given);
  given.batch(event("d", "drop", ""), "d");
  settle_disk(given);
  given.take<SchemaChange>();
  EXPECT_FALSE(stop_late(given).clean_end);
}

// What a killed process had sent of it is known once it was read again.
TEST(EngineCleanEnd, IsNoneBeforeWhatAKilledProcessCopiedIsReadAgain) {
  for (const bool read_again : {false, true}) {
    Harness given(copying(false));
    begin(given);
    settle_disk(given);
    if (read_again) {
      read(given, R"({"_id":1})", false);
      given.acknowledge(given.take<output::Write>());
    }
    EXPECT_EQ(stop_late(given).clean_end, read_again);
  }
}

TEST(EngineCleanEnd, LeavesNoSuspectsInACopyThatGoesOn) {
  for (const bool clean_end : {true, false}) {
    Harness given(copying(clean_end));
    begin(given);
    settle_disk(given);
    read(given, R"({"_id":1},{"_id":2})", false);
    given.acknowledge(given.take<output::Write>());
    EXPECT_EQ(given.engine().status().suspects, clean_end ? 0U : 2U)
        << "the reader may have sent it before the first of them was acknowledged";
    read(given, R"({"_id":3})", true);
    EXPECT_EQ(given.engine().status().suspects, clean_end ? 0U : 2U) << "no process has read so far before";
  }
}

}  // namespace
}  // namespace ddsync::test
