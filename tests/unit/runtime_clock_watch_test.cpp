// What counts as a wall clock that was set back.
#include <gtest/gtest.h>

#include "runtime/clock_watch.h"

namespace ddsync::runtime {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

ClockReading reading(milliseconds wall, milliseconds steady) {
  return {.wall = std::chrono::system_clock::time_point(wall), .steady = TimePoint(steady)};
}

TEST(WallClock, IsSetBackByWhatItLostAgainstTheSteadyClock) {
  WallClock clock(reading(hours(100), seconds(50)));
  EXPECT_EQ(clock.set_back_by(reading(hours(100) + seconds(1), seconds(51))), std::nullopt);
  EXPECT_EQ(clock.set_back_by(reading(hours(99) + seconds(2), seconds(52))), hours(1));
  EXPECT_EQ(clock.set_back_by(reading(hours(99) + seconds(3), seconds(53))), std::nullopt);  // told once
}

TEST(WallClock, IsNotSetBackByAJumpForwardNorByTheTimeOfALateLook) {
  WallClock clock(reading(hours(100), seconds(50)));
  EXPECT_EQ(clock.set_back_by(reading(hours(200), seconds(51))), std::nullopt);
  EXPECT_EQ(clock.set_back_by(reading(hours(200) + seconds(600), seconds(651))), std::nullopt);
}

TEST(WallClock, IsNotSetBackByWhatNtpCorrects) {
  WallClock clock(reading(seconds(100), seconds(50)));
  EXPECT_EQ(clock.set_back_by(reading(milliseconds(99'001), seconds(51))), std::nullopt);
  EXPECT_EQ(clock.set_back_by(reading(milliseconds(98'001), seconds(52))), seconds(2));
}

}  // namespace
}  // namespace ddsync::runtime
