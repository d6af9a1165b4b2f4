// What the engine tells of itself.
#include "engine/status.h"
#include "support/engine_harness.h"

namespace ddsync::test {
namespace {

std::string made_at(std::string event, const std::string& clock) {
  event.insert(event.size() - 1, "," + clock);
  return event;
}
std::string wall(int64_t ms) {
  return R"("wallTime":{"$date":{"$numberLong":")" + std::to_string(ms) + R"("}})";
}

int64_t waiting_wall_ms(Harness& given) { return given.engine().status().streams.at(0).waiting_wall_ms; }

// Three kinds of write, so three commands.
std::vector<WriteBatch> three_waiting(Harness& given, const std::string& first_clock) {
  given.start();
  EXPECT_EQ(waiting_wall_ms(given), 0);
  given.batch(made_at(insert("a", "1"), first_clock) + "," +
                  made_at(replace("b", "2", R"(,"v":1)"), wall(7'000'000)) + "," +
                  made_at(remove("c", "3"), wall(8'000'000)),
              "after");
  std::vector<WriteBatch> writes;
  for (auto& write : given.take_all<output::Write>()) writes.push_back(std::move(write));
  EXPECT_EQ(writes.size(), 3U);
  return writes;
}

TEST(EngineStatus, TellsWhenTheOldestWaitingChangeWasMade) {
  Harness given(Harness::options(3));
  const auto writes = three_waiting(given, wall(1'000));
  EXPECT_EQ(waiting_wall_ms(given), 1'000);
  given.acknowledge(writes[1]);
  EXPECT_EQ(waiting_wall_ms(given), 1'000) << "what is applied early does not count";
  given.acknowledge(writes[0]);
  EXPECT_EQ(waiting_wall_ms(given), 8'000'000) << "hours later, though of the same batch";
  given.acknowledge(writes[2]);
  EXPECT_EQ(waiting_wall_ms(given), 0);
}

TEST(EngineStatus, TakesTheClusterTimeWhereThereIsNoWallClock) {
  Harness given(Harness::options(3));
  three_waiting(given, R"("clusterTime":{"$timestamp":{"t":5,"i":1}})");
  EXPECT_EQ(waiting_wall_ms(given), 5'000);
}

TEST(EngineStatus, ReadsTheWallClockThatDocumentDBGivesAsAString) {
  Harness given(Harness::options(3));
  three_waiting(given, R"("wallTime":"2026-11-25T10:00:00.250Z")");
  EXPECT_EQ(waiting_wall_ms(given), 1'795'600'800'250);
}

TEST(EngineStatus, TellsSinceWhenAChangeWaitsWhereTheSourceTellsNoTime) {
  Harness given(Harness::options(3));
  given.pass_ms(500);
  const Instant received{given.now_us_};
  const auto writes = three_waiting(given, R"("wallTime":"noon")");
  given.pass_ms(4'000);
  EngineStatus status = given.engine().status();
  EXPECT_EQ(status.streams[0].waiting_wall_ms, 0);
  EXPECT_EQ(status.streams[0].waiting_since, received);
  EXPECT_EQ(status.now, Instant{given.now_us_});
  for (const WriteBatch& write : writes) given.acknowledge(write);
  EXPECT_EQ(given.engine().status().streams[0].waiting_since, Instant{});
}

TEST(EngineStatus, SaysThatASourceGaveNoPositionUntilTheFirstChangeIsApplied) {
  Harness given(Harness::options());
  const auto without = [&] { return given.engine().status().streams[0].no_start_position; };
  given.give(input::TargetReady{});
  EXPECT_FALSE(without()) << "not opened yet";
  given.give(input::StreamOpened{{0}, {}});
  given.make_durable();
  EXPECT_TRUE(without());
  given.batch(insert("a", "1"), "a");
  EXPECT_TRUE(without());
  given.acknowledge(given.take<output::Write>());
  EXPECT_FALSE(without());
}

TEST(EngineStatus, SaysNothingOfTheKindWhereTheSourceGaveOne) {
  Harness given(Harness::options());
  given.start();
  EXPECT_FALSE(given.engine().status().streams[0].no_start_position);
}

TEST(EngineStatus, TellsWhenAStreamThatNeverAnsweredWasFirstAsked) {
  Harness given(Harness::options());
  given.give(input::TargetReady{});
  const Instant asked{given.now_us_};
  Error error;
  error.treatment = Treatment::retry;
  given.pass_ms(3'000);
  given.give(input::StreamFailed{{0}, error});
  EXPECT_EQ(given.engine().status().streams[0].last_answer, asked);
}

TEST(EngineStatus, IsBehindWhileTheSourceGivesAllThatIsAskedFor) {
  const auto stream_status = [](Harness& given) { return given.engine().status().streams.at(0); };
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1"), "a");
  EXPECT_FALSE(stream_status(given).is_behind) << "one was asked for, and one came: that tells nothing";
  given.take_all<output::ReadStream>();
  given.batch(made_at(insert("b", "2"), wall(1'000)) + "," + made_at(insert("c", "3"), wall(2'000)), "c");
  EXPECT_TRUE(stream_status(given).is_behind);
  EXPECT_EQ(stream_status(given).newest_wall_ms, 2'000);
  given.batch(made_at(insert("d", "4"), wall(3'000)), "d");
  EXPECT_FALSE(stream_status(given).is_behind) << "four were asked for";
  EXPECT_EQ(stream_status(given).newest_wall_ms, 3'000) << "it may give less than it has";
  given.batch("", "d");
  EXPECT_EQ(stream_status(given).newest_wall_ms, 0);
}

}  // namespace
}  // namespace ddsync::test
