// Times of day as strings.
#include "engine/wall_time.h"

#include <gtest/gtest.h>

namespace ddsync {
namespace {

constexpr int64_t kTenOClock_ms = 1'795'600'800'000;  // 2026-11-25 10:00:00 UTC

TEST(WallTime, IsReadWithAndWithoutAFraction) {
  EXPECT_EQ(parse_wall_time_ms("2026-11-25T10:00:00Z"), kTenOClock_ms);
  EXPECT_EQ(parse_wall_time_ms("2026-11-25T10:00:00.1Z"), kTenOClock_ms + 100);
  EXPECT_EQ(parse_wall_time_ms("2026-11-25T10:00:00.123Z"), kTenOClock_ms + 123);
  EXPECT_EQ(parse_wall_time_ms("2026-11-25T10:00:00.123987Z"), kTenOClock_ms + 123);
  EXPECT_EQ(parse_wall_time_ms("2026-11-25T10:00:00.123987654Z"), kTenOClock_ms + 123);
}

TEST(WallTime, IsReadWithEveryOffset) {
  EXPECT_EQ(parse_wall_time_ms("2026-11-25T12:00:00+02:00"), kTenOClock_ms);
  EXPECT_EQ(parse_wall_time_ms("2026-11-25T12:30:00.5+0230"), kTenOClock_ms + 500);
  EXPECT_EQ(parse_wall_time_ms("2026-11-25T04:00:00-06"), kTenOClock_ms);
  EXPECT_EQ(parse_wall_time_ms("2026-11-25T10:00:00"), kTenOClock_ms);
}

TEST(WallTime, IsReadAsPostgresWritesIt) {
  EXPECT_EQ(parse_wall_time_ms("2026-11-25 10:00:00.123456+00"), kTenOClock_ms + 123);
}

TEST(WallTime, KnowsLeapYears) {
  EXPECT_EQ(parse_wall_time_ms("1970-01-02T00:00:00Z"), 86'400'000);
  EXPECT_EQ(parse_wall_time_ms("2024-03-01T00:00:00Z") - parse_wall_time_ms("2024-02-28T00:00:00Z"),
            2 * 86'400'000);
  EXPECT_EQ(parse_wall_time_ms("2000-03-01T00:00:00Z"), 951'868'800'000);
  EXPECT_EQ(parse_wall_time_ms("2100-03-01T00:00:00Z") - parse_wall_time_ms("2100-02-28T00:00:00Z"),
            86'400'000);
  EXPECT_EQ(parse_wall_time_ms("2024-12-31T00:00:00Z"), 1'735'603'200'000);
  EXPECT_EQ(parse_wall_time_ms("2023-02-29T00:00:00Z"), 0);
  EXPECT_EQ(parse_wall_time_ms("2026-04-31T00:00:00Z"), 0);
  EXPECT_EQ(parse_wall_time_ms("2026-00-10T00:00:00Z"), 0);
}

TEST(WallTime, OfAnythingElseIsNotTold) {
  for (const char* text :
       {"", "now", "2026-11-25", "2026-11-25T10:00Z", "2026-11-25T10:00:00.Z", "2026-13-25T10:00:00Z",
        "2026-11-25T24:00:00Z", "2026-11-25T10:00:00+", "2026-11-25T10:00:00+-2", "2026-11-25T10:00:00--02",
        "2026-11-25T10:00:00Zx", "2026-11-25T10:00:00 +02:00", "20261125T100000Z", "1795600800000"}) {
    EXPECT_EQ(parse_wall_time_ms(text), 0) << text;
  }
}

}  // namespace
}  // namespace ddsync
