// The initial copy for people.
#include <gtest/gtest.h>

#include "observe/copy_progress.h"
#include "observe/numbers.h"

namespace ddsync::observe {
namespace {

CopyProgress copying() {
  CopyProgress copy;
  copy.phase = CopyPhase::copying;
  copy.collections_done = 3;
  copy.collections_total = 12;
  copy.documents_done = 1'234'567;
  copy.documents_total = 5'000'000;
  copy.current = {{"shop.orders", 300, 1'000}, {"shop.items", 3, 100}};
  return copy;
}

constexpr CopyPace kPace{.documents_per_second = 52'000.4, .bytes_per_second = 46'800'000};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(CopyPace, IsWhatWasDoneBetweenTwoSnapshots) {
  CopyProgress before = copying();
  CopyProgress now = before;
  now.documents_done += 1'000;
  now.bytes_read = 5'000;
  const CopyPace pace = copy_pace(before, now, 10.0);
  EXPECT_DOUBLE_EQ(pace.documents_per_second, 100.0);
  EXPECT_DOUBLE_EQ(pace.bytes_per_second, 500.0);
  EXPECT_DOUBLE_EQ(copy_pace(before, now, 0).documents_per_second, 0.0) << "no time has no pace";
  EXPECT_DOUBLE_EQ(copy_pace(now, before, 10.0).documents_per_second, 0.0)
      << "a dropped collection takes back";
}

TEST(CopyRemaining, ComesFromTheDocumentsThatAreLeft) {
  EXPECT_DOUBLE_EQ(remaining_seconds(copying(), {1'000, 500'000}).value_or(0), 3'765.433);
}

TEST(CopyRemaining, IsUnknownWithoutATotalWithoutAPaceAndPastTheEstimate) {
  CopyProgress now = copying();
  EXPECT_EQ(remaining_seconds(now, {0, 0}), std::nullopt);
  now.documents_total = 0;
  EXPECT_EQ(remaining_seconds(now, kPace), std::nullopt);
  now.documents_total = now.documents_done - 1;
  EXPECT_EQ(remaining_seconds(now, kPace), std::nullopt);
}

TEST(CopyLogLine, ShowsPhaseCountsPaceRemainingTimeAndTheCurrentCollections) {
  EXPECT_EQ(
      copy_log_line(copying(), kPace),
      "copy: phase=copying collections=3/12 documents=1 234 567/5 000 000 (24 %) rate=52 000/s 46.8 MB/s "
      "remaining=1m12s errors=0; now: shop.orders 30 %, shop.items 3 %");
}

TEST(CopyLogLine, HasNoPaceOutsideOfTheCopying) {
  CopyProgress now = copying();
  now.current.clear();
  now.phase = CopyPhase::catching_up;
  now.errors = 2;
  EXPECT_EQ(copy_log_line(now, kPace),
            "copy: phase=catching up collections=3/12 documents=1 234 567/5 000 000 (24 %) errors=2");
}

TEST(CopyLogLine, ShowsAQuestionMarkForWhatIsNotKnown) {
  CopyProgress now = copying();
  now.documents_total = 0;
  now.current = {{"shop.orders", 300, 0}};
  const std::string line = copy_log_line(now, kPace);
  EXPECT_TRUE(has(line, " documents=1 234 567 rate=")) << line;
  EXPECT_TRUE(has(line, " remaining=? ")) << line;
  EXPECT_TRUE(has(line, "shop.orders ? %")) << line;
}

TEST(CopyLogLine, NeverShowsMoreThanAllOfAnEstimateThatWasPassed) {
  CopyProgress now = copying();
  now.documents_done = 6'000'000;
  now.current = {{"shop.orders", 5, 4}};
  const std::string line = copy_log_line(now, kPace);
  EXPECT_TRUE(has(line, "6 000 000/5 000 000 (100 %)")) << line;
  EXPECT_TRUE(has(line, "shop.orders 100 %")) << line;
}

TEST(CopyLogLine, IsShortHoweverManyCollectionsAndHoweverLongTheirNames) {
  CopyProgress now = copying();
  now.current.assign(64, {std::string(5'000, 'x'), 1, 2});
  const std::string line = copy_log_line(now, kPace);
  EXPECT_TRUE(line.ends_with(" and 61 more")) << line;
  EXPECT_LT(line.size(), 600U);
}

TEST(CopyProgressLine, HasABarForTheWholeAndForTheCurrentCollections) {
  EXPECT_EQ(
      copy_progress_line(copying(), kPace),
      "copying [####................] 24 % | 52 000/s | 46.8 MB/s | 1m12s left | 3/12 | shop.orders [#....] "
      "30 % | shop.items [.....] 3 %");
}

TEST(CopyProgressLine, IsFullWhenAllIsCopied) {
  CopyProgress now = copying();
  now.current.clear();
  now.collections_done = 12;
  now.phase = CopyPhase::catching_up;
  now.errors = 1'000;
  EXPECT_EQ(copy_progress_line(now, kPace),
            "catching up [####################] 100 % | 12/12 | 1 000 errors");
}

TEST(CopyProgressLine, NamesThreeCollectionsAtMostAndNothingThatCommandsTheTerminal) {
  CopyProgress now = copying();
  now.current.assign(9, {"a.\x1b[2J" + std::string(500, 'x'), 1, 2});
  const std::string line = copy_progress_line(now, kPace);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_LT(line.size(), 220U) << line;
}

TEST(Numbers, ReadAsPeopleWriteThem) {
  EXPECT_EQ(grouped(7), "7");
  EXPECT_EQ(grouped(1'234), "1 234");
  EXPECT_EQ(duration_text(-1), "0s");
  EXPECT_EQ(duration_text(59.4), "59s");
  EXPECT_EQ(duration_text(59.6), "1m00s");
  EXPECT_EQ(duration_text(72), "1m12s");
  EXPECT_EQ(duration_text(2 * 3'600 + 5 * 60 + 59), "2h05m");
  EXPECT_EQ(duration_text(3 * 86'400 + 4 * 3'600), "3d04h");
}

}  // namespace
}  // namespace ddsync::observe
