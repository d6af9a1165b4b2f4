// A rename between collections of two streams: the one of the old name runs it, once the other one stands
// still (barriers.h). Whole histories with crashes: tests/sim.
#include "support/schema_events.h"

namespace ddsync::test {
namespace {

// Of db.coll and db.other.
EngineOptions two_streams() {
  EngineOptions options = Harness::options(4);
  options.streams = {{ScopeLevel::collection, {"db", "coll"}}, {ScopeLevel::collection, {"db", "other"}}};
  const StreamPosition old = {PositionKind::resume_after, Harness::token_of("t"), 0};
  options.resume_from.streams = {{"db.coll", old, ""}, {"db.other", old, ""}};
  options.resume_from.clean_end = true;
  options.late_write_max = Duration::seconds(1'000);
  return options;
}

class EngineRename : public ::testing::Test {
 protected:
  EngineRename() {
    given.give(input::TargetReady{});
    given.give(input::StreamOpened{{0}, {}});
    given.give(input::StreamOpened{{1}, {}});
    settle_disk(given);
  }

  // Db.coll is renamed to db.other; the stream of the new name is told nothing of it.
  void rename() {
    given.batch(rename_to_other(), "r", 0);
    settle_disk(given);
  }
  std::string insert_other(const std::string& id) {
    return event("i" + id, "insert", id, R"({"_id":)" + id + "}", "other");
  }
  void other_is_idle(int answers) {
    for (int i = 0; i < answers; ++i) {
      given.batch("", "quiet", 1);
      settle_disk(given);
    }
  }
  bool runs() const { return given.has<SchemaChange>(); }

  Harness given{two_streams()};
};

// One answer may have been under way, and some servers answer empty although there is more.
TEST_F(EngineRename, WaitsForTwoEmptyAnswersOfTheOtherStream) {
  other_is_idle(3);
  given.pass_ms(6'000);
  rename();
  EXPECT_FALSE(runs()) << "what was empty before may not be now";
  other_is_idle(1);
  EXPECT_FALSE(runs());
  other_is_idle(1);
  EXPECT_TRUE(runs());
}

TEST_F(EngineRename, WaitsForAnOtherStreamThatHasJustBroughtSomething) {
  rename();
  given.batch(insert_other("1"), "i", 1);
  given.acknowledge(given.take<output::Write>());
  other_is_idle(3);
  EXPECT_FALSE(runs()) << "its own event of the rename may be the next one";
  given.pass_ms(5'000);
  other_is_idle(1);
  EXPECT_TRUE(runs());
}

// They would land in what takes the collection's place.
TEST_F(EngineRename, WaitsForTheWritesOfTheOtherStream) {
  rename();
  given.batch(insert_other("1"), "i", 1);
  const auto write = given.take<output::Write>();
  given.pass_ms(6'000);
  other_is_idle(3);
  EXPECT_FALSE(runs());
  given.acknowledge(write);
  EXPECT_TRUE(runs());
}

TEST_F(EngineRename, WaitsForTheWritesOfAnOtherStreamThatIsInAGap) {
  given.batch(insert_other("1"), "i", 1);
  const auto write = given.take<output::Write>();
  given.give(input::StreamFailed{{1}, make_error(ErrorContext::stream_read, 286, "", "lost")});
  rename();
  EXPECT_FALSE(runs());
  given.acknowledge(write);
  EXPECT_TRUE(runs());
}

// A document of the old life, written again, would land in the new one.
TEST_F(EngineRename, WaitsForTheRepairsOfTheOtherStream) {
  given.batch(insert_other("1"), "i", 1);
  given.fail(given.take<output::Write>(), Treatment::retry, true);
  given.pass_ms(6'000);
  given.acknowledge(given.take<output::Write>());
  settle_disk(given);
  rename();
  given.pass_ms(1'000);
  const auto compare = given.take<output::Compare>();
  given.give(input::Compared{compare.id, {{false, *from_extended_json(R"({"_id":1,"v":9})")}}, {}});
  const auto repair = given.take<output::Write>();
  given.pass_ms(6'000);
  other_is_idle(3);
  EXPECT_FALSE(runs());
  given.acknowledge(repair);
  other_is_idle(1);
  EXPECT_TRUE(runs());
}

// It keeps up since long before, which says nothing of what is at the source since the rename.
TEST_F(EngineRename, WaitsUntilABusyOtherStreamHasKeptUpSinceTheRename) {
  int id = 0;
  const auto keep_busy = [&](int half_seconds) {
    for (int i = 0; i < half_seconds; ++i) {
      given.pass_ms(500);
      given.batch(insert_other(std::to_string(++id)), "i", 1);
      for (const WriteBatch& write : given.take_all<output::Write>()) given.acknowledge(write);
      settle_disk(given);
    }
  };
  keep_busy(30);
  rename();
  keep_busy(16);
  EXPECT_FALSE(runs());
  keep_busy(8);
  EXPECT_TRUE(runs());
}

}  // namespace
}  // namespace ddsync::test
