// What is alive and makes no progress (DESIGN invariant 12).
#include <gtest/gtest.h>

#include "observe/progress_watch.h"
#include "observe/status_line.h"

namespace ddsync::observe {
namespace {

Instant at(int64_t seconds) { return {seconds * 1'000'000}; }

// One stream that answered just now; `waiting` of its events are not applied, `passed` are behind the
// watermark.
EngineStatus status(int64_t now_s, uint64_t waiting, uint64_t passed) {
  EngineStatus status;
  status.watching = true;
  status.now = at(now_s);
  StreamStatus stream;
  stream.scope = "db.a";
  stream.state = StreamState::live;
  stream.events_read = waiting + passed;
  stream.events_applied = passed;
  stream.watermark = passed;
  stream.last_answer = status.now;
  status.streams = {stream};
  return status;
}

TEST(ProgressWatch, SaysOnceThatChangesWaitInVainAndOnceThatTheyDoNoLonger) {
  ProgressWatch watch;
  EXPECT_EQ(watch.look(status(1'000, 0, 7)), "");
  EXPECT_EQ(watch.look(status(1'010, 5, 7)), "");
  EXPECT_EQ(watch.look(status(1'070, 6, 7)), "") << "for 70 s";
  EXPECT_EQ(watch.look(status(1'080, 6, 7)), "no progress: db.a (no change applied for 80 s, 6 wait)");
  EXPECT_EQ(watch.look(status(1'100, 6, 7)), "");
  EXPECT_EQ(watch.stalled().size(), 1U);
  EXPECT_EQ(watch.look(status(1'110, 5, 8)), "progress again: nothing stands still any more");
  EXPECT_EQ(watch.look(status(1'120, 5, 8)), "");
}

TEST(ProgressWatch, IsContentWhileTheWatermarkMoves) {
  ProgressWatch watch;
  for (int64_t passed = 0; passed < 100; ++passed)
    EXPECT_EQ(watch.look(status(1'000 + 50 * passed, 5, static_cast<uint64_t>(passed))), "");
}

TEST(ProgressWatch, RemindsNowAndThen) {
  ProgressWatch watch;
  size_t said = 0;
  for (int64_t now = 0; now < 1'500; now += 10)
    if (!watch.look(status(1'000 + now, 1, 0)).empty()) ++said;
  EXPECT_EQ(said, 3U);
}

TEST(ProgressWatch, NoticesASourceThatDoesNotAnswerWhileItIsRead) {
  EngineStatus silent = status(1'000, 0, 0);
  ProgressWatch watch;
  watch.look(silent);
  silent.now = at(1'100);
  EXPECT_EQ(watch.look(silent), "no progress: db.a (nothing has come from the source for 100 s)");

  ProgressWatch other;
  silent.streams[0].state = StreamState::paused;
  EXPECT_EQ(other.look(silent), "") << "it is not asked";
  silent.streams[0].state = StreamState::live;
  silent.now = at(1'110);
  EXPECT_EQ(other.look(silent), "") << "it is asked since a moment ago";
}

TEST(ProgressWatch, NoticesATargetThatDoesNotAnswer) {
  EngineStatus now = status(1'000, 0, 0);
  now.unanswered_since = at(950);
  ProgressWatch watch;
  EXPECT_EQ(watch.look(now), "");
  now.unanswered_since = at(900);
  EXPECT_EQ(watch.look(now), "no progress: a writer (the target has not answered for 100 s)");
}

TEST(ProgressWatch, NoticesASpoolThatIsNotTakenOut) {
  EngineStatus now = status(1'000, 0, 7);
  now.streams[0].state = StreamState::catching_up;
  now.streams[0].spooled_batches = 3;
  ProgressWatch watch;
  EXPECT_EQ(watch.look(now), "");
  now.streams[0].last_answer = now.now = at(1'070);
  now.streams[0].spooled_batches = 4;  // what the source adds is no progress
  EXPECT_EQ(watch.look(now), "");
  now.streams[0].last_answer = now.now = at(1'080);
  EXPECT_EQ(watch.look(now), "no progress: db.a (no change applied for 80 s, 0 wait, more in the spool)");
  now.streams[0].spooled_batches = 2;
  EXPECT_EQ(watch.look(now), "progress again: nothing stands still any more");

  ProgressWatch other;
  now.streams[0].state = StreamState::copying;
  other.look(now);
  now.streams[0].last_answer = now.now = at(1'200);
  EXPECT_EQ(other.look(now), "") << "it has to wait for the copy";
}

TEST(ProgressWatch, NoticesADiskThatDoesNotAnswer) {
  EngineStatus now = status(1'000, 0, 0);
  now.persisting_since = at(950);
  ProgressWatch watch;
  EXPECT_EQ(watch.look(now), "");
  now.persisting_since = at(920);
  EXPECT_EQ(watch.look(now), "no progress: the state (its disk has not taken it for 80 s)");
}

TEST(ProgressWatch, NamesSomeOfMany) {
  ProgressWatch watch;
  EngineStatus many = status(1'000, 1, 0);
  many.streams.resize(8, many.streams[0]);
  watch.look(many);
  many.now = at(1'100);
  const std::string line = watch.look(many);
  EXPECT_TRUE(line.ends_with(" and 3 more")) << line;
}

TEST(ProgressWatch, IsPartOfTheStatusLine) {
  const std::string line = status_line({}, status(1'000, 1, 0), 60, 0, {"db.a (no change applied)"});
  EXPECT_NE(line.find("state=stalled"), std::string::npos) << line;
  EXPECT_TRUE(line.ends_with("; no progress: db.a (no change applied)")) << line;
}

}  // namespace
}  // namespace ddsync::observe
