// The status for people.
#include <gtest/gtest.h>

#include "observe/status_line.h"

namespace ddsync::observe {
namespace {

constexpr int64_t kNow_ms = 1'795'536'321'000;

StreamStatus stream(std::string scope, StreamState state, std::string detail = "") {
  StreamStatus status;
  status.scope = std::move(scope);
  status.state = state;
  status.detail = std::move(detail);
  return status;
}

EngineStatus watching() {
  EngineStatus status;
  status.watching = true;
  status.streams = {stream("db.a", StreamState::live)};
  return status;
}

std::string line(const EngineStatus& now, const EngineStatus& before = {}) {
  return status_line(before, now, 60.0, kNow_ms);
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(StatusLine, ShowsRateLagBacklogKindsErrorsAndRetries) {
  EngineStatus before = watching();
  before.events_applied = 400;
  EngineStatus now = watching();
  now.events_applied = 1'000;
  now.events_waiting = 12;
  now.events_by_kind = {{"insert", 7}, {"update", 5}};
  now.errors = 3;
  now.write_retries = 4;
  now.stream_reopens = 5;
  now.stats.total_synced = 99;
  now.unpersisted = 8;
  now.memory_bytes = uint64_t{5} << 20;
  now.writers_busy = 2;
  now.streams[0].events_read = 2;
  now.streams[0].events_applied = 1;
  now.streams[0].waiting_wall_ms = kNow_ms - 2'500;
  EXPECT_EQ(
      line(now, before),
      "status: state=live applied=1000 rate=10.0/s lag=2.5s backlog=12 insert=7 update=5 errors=3 retries=9 "
      "total_synced=99 unpersisted=8 memory=5MiB writers_busy=2");
}

TEST(StatusLine, ShowsRareCountsOnlyWhenThereAreSome) {
  EngineStatus now = watching();
  EXPECT_FALSE(has(line(now), "quarantined"));
  now.events_superseded = 1;
  now.events_skipped = 2;
  now.events_quarantined = 3;
  now.operations_set_aside = 4;
  now.suspects = 5;
  now.unproven_namespaces = 6;
  now.writers_retrying = 7;
  now.indexes_left = 8;
  now.indexes_refused = 9;
  EXPECT_TRUE(has(line(now),
                  " superseded=1 skipped=2 quarantined=3 set_aside=4 suspects=5 unproven_namespaces=6 "
                  "writers_retrying=7 indexes_left=8 indexes_refused=9"))
      << line(now);
}

TEST(StatusLine, IsNotLiveWhileTheSourceHasMoreThanWasRead) {
  EngineStatus now = watching();
  now.streams[0].is_behind = true;
  now.streams[0].newest_wall_ms = kNow_ms - 3'000;
  EXPECT_TRUE(has(line(now), "state=catching_up ")) << line(now);
  EXPECT_TRUE(has(line(now), " lag=3.0s backlog=0")) << "what was read is applied, and yet: " << line(now);
  now.streams[0].is_behind = false;
  EXPECT_TRUE(has(line(now), "state=live ")) << line(now);
  EXPECT_TRUE(has(line(now), " lag=0.0s")) << "so young it may be the last one: " << line(now);
  now.streams[0].newest_wall_ms = kNow_ms - 60'000;
  EXPECT_TRUE(has(line(now), " lag=60.0s")) << "a source that gives less than it has: " << line(now);
}

TEST(StatusLine, IsNotLiveWhileTheServiceEnds) {
  EngineStatus now = watching();
  now.ending = true;
  EXPECT_TRUE(has(line(now), "state=stopping ")) << line(now);
  now.streams[0].state = StreamState::gap;
  EXPECT_TRUE(has(line(now), "state=gap ")) << line(now);
}

TEST(StatusLine, ShowsHowLongChangesHaveWaitedInTheSpool) {
  EngineStatus now = watching();
  now.now = {60'000'000};
  now.streams[0].last_answer = now.now;
  now.streams[0].held_since = {40'000'000};
  EXPECT_TRUE(has(line(now), " lag=20.0s")) << line(now);
}

TEST(StatusLine, CountsTheStreamsThatHaveNoPositionYet) {
  EngineStatus now = watching();
  EXPECT_FALSE(has(line(now), "no_start_position"));
  now.streams.push_back(stream("db.b", StreamState::live));
  now.streams[1].no_start_position = true;
  EXPECT_TRUE(has(line(now), " no_start_position=1")) << line(now);
}

TEST(StatusLine, HasTheWorstStateOfAll) {
  EngineStatus now = watching();
  const auto state = [&](StreamState second) {
    now.streams = {stream("db.a", StreamState::live), stream("db.b", second)};
    const std::string text = line(now);
    const size_t start = text.find("state=") + 6;
    return text.substr(start, text.find(' ', start) - start);
  };
  EXPECT_EQ(state(StreamState::live), "live");
  EXPECT_EQ(state(StreamState::barrier), "live");
  EXPECT_EQ(state(StreamState::paused), "paused");
  EXPECT_EQ(state(StreamState::reconnecting), "reconnecting");
  EXPECT_EQ(state(StreamState::waiting), "reconnecting");
  EXPECT_EQ(state(StreamState::gap), "gap");
  now.writers_retrying = 1;
  EXPECT_EQ(state(StreamState::paused), "retrying");
  EXPECT_EQ(state(StreamState::reconnecting), "reconnecting");
  now.watching = false;
  EXPECT_EQ(state(StreamState::opening), "checking");
  EXPECT_EQ(state(StreamState::gap), "gap");
}

TEST(StatusLine, SaysCheckingUntilItIsKnownWhatThereIsToCopy) {
  EngineStatus now = watching();
  now.streams = {stream("db.a", StreamState::copying)};
  now.copy = CopyProgress{};
  EXPECT_TRUE(has(line(now), "state=checking ")) << line(now);
  now.copy->phase = CopyPhase::copying;
  EXPECT_TRUE(has(line(now), "state=copying ")) << line(now);
  now.streams = {stream("db.a", StreamState::live)};
  now.copy->phase = CopyPhase::checking;
  EXPECT_TRUE(has(line(now), "state=live ")) << "one collection that is to be copied again: " << line(now);
}

TEST(StatusLine, NamesTheStreamsThatAreNotAsTheyShouldBe) {
  EngineStatus now = watching();
  EXPECT_FALSE(has(line(now), "streams not live"));
  now.streams.push_back(stream("db.b", StreamState::reconnecting, "connection refused"));
  EXPECT_TRUE(has(line(now), "; streams not live: db.b=reconnecting (connection refused)")) << line(now);
}

TEST(StatusLine, IsShortHoweverManyStreamsAreInTrouble) {
  EngineStatus now = watching();
  now.streams.clear();
  for (int i = 0; i < 500; ++i)
    now.streams.push_back(stream("db.c", StreamState::gap, std::string(5'000, 'x')));
  EXPECT_TRUE(has(line(now), " and 495 more"));
  EXPECT_LT(line(now).size(), 1'500U);
}

TEST(StatusLine, TellsTheLastWriteErrorWhileItLasts) {
  EngineStatus now = watching();
  EXPECT_FALSE(has(line(now), "write error"));
  now.last_write_error = "16500 TooManyRequests";
  EXPECT_TRUE(line(now).ends_with("; last write error: 16500 TooManyRequests"));
}

TEST(StatusLine, OfNoTimeHasNoRate) {
  EngineStatus now = watching();
  now.events_applied = 5;
  EXPECT_TRUE(has(status_line({}, now, 0.0, kNow_ms), "rate=0.0/s"));
}

TEST(Lag, IsTheAgeOfTheOldestChangeThatWaits) {
  EngineStatus now = watching();
  now.streams = {stream("db.a", StreamState::live), stream("db.b", StreamState::live)};
  EXPECT_EQ(lag_seconds(now, kNow_ms), 0.0);
  now.streams[0].waiting_wall_ms = kNow_ms - 1'000;
  now.streams[1].waiting_wall_ms = kNow_ms - 4'000;
  EXPECT_EQ(lag_seconds(now, kNow_ms), 4.0);
}

TEST(Lag, IsNeverNegativeWhenTheClocksDiffer) {
  EngineStatus now = watching();
  now.streams[0].waiting_wall_ms = kNow_ms + 5'000;
  EXPECT_EQ(lag_seconds(now, kNow_ms), 0.0);
}

TEST(Lag, IsNeverLessThanTheTimeThatAChangeWaitsHere) {
  EngineStatus now = watching();
  now.now = {60'000'000};
  now.streams[0].last_answer = now.now;
  now.streams[0].waiting_since = {57'000'000};
  EXPECT_EQ(lag_seconds(now, kNow_ms), 3.0) << "the source tells no time";
  now.streams[0].waiting_wall_ms = kNow_ms + 5'000;
  EXPECT_EQ(lag_seconds(now, kNow_ms), 3.0) << "the source's clock is ahead";
  now.streams[0].waiting_wall_ms = kNow_ms - 5'000;
  EXPECT_EQ(lag_seconds(now, kNow_ms), 5.0);
}

TEST(Lag, OfAStreamThatIsAwayIsTheTimeSinceItsLastAnswer) {
  EngineStatus now = watching();
  now.now = {60'000'000};
  now.streams[0].last_answer = {58'000'000};
  EXPECT_EQ(lag_seconds(now, kNow_ms), 0.0) << "an idle stream is asked once a second or so";
  now.streams[0].state = StreamState::reconnecting;
  EXPECT_EQ(lag_seconds(now, kNow_ms), 2.0);
  now.streams[0].state = StreamState::waiting;
  EXPECT_EQ(lag_seconds(now, kNow_ms), 0.0) << "the source answers: there is no such collection";
}

TEST(Lag, OfASilentStreamIsTheTimeSinceItsLastAnswer) {
  EngineStatus now = watching();
  now.now = {60'000'000};
  now.streams[0].last_answer = {20'000'000};
  EXPECT_EQ(lag_seconds(now, kNow_ms), 40.0);
  now.streams[0].state = StreamState::paused;
  EXPECT_EQ(lag_seconds(now, kNow_ms), 0.0) << "it is not asked";
}

TEST(ProgressLine, IsShort) {
  EngineStatus before = watching();
  EngineStatus now = watching();
  now.events_applied = 1'234'567;
  now.events_waiting = 12;
  now.errors = 1'000;
  EXPECT_EQ(progress_line(before, now, 1'000.0, kNow_ms),
            "live | 1 234/s | lag 0.0 s | backlog 12 | 1 234 567 applied | 1 000 errors");
  EXPECT_TRUE(progress_line(before, now, 1'000.0, kNow_ms, true).starts_with("stalled | "));
  now.streams[0].state = StreamState::reconnecting;
  now.events_applied = 99'999'999'999;
  now.events_waiting = 9'999'999;
  EXPECT_LE(progress_line(before, now, 1'000'000.0, kNow_ms).size(), 100U);
}

}  // namespace
}  // namespace ddsync::observe
