// How far behind the watermark events may have been sent: what a checkpoint says must cover what is sent
// until the next one, and what an earlier process had sent.
#include "engine/send_window.h"

#include <gtest/gtest.h>

namespace ddsync {
namespace {

TEST(SendWindow, NeverTakesBackWhatWasAllowed) {
  SendWindow window;
  window.open(160, 0);
  EXPECT_EQ(window.propose(0, 0, 160), 160U);
  window.on_durable();
  EXPECT_TRUE(window.allows(159));
  EXPECT_EQ(window.propose(0, 0, 0), 160U) << "a quiet stream needs few, but they may be sent already";
  EXPECT_EQ(window.propose(100, 100, 0), 60U);
}

// Killed once more, nobody else would know of it.
TEST(SendWindow, TellsWhatAnEarlierProcessMayHaveSentUntilAllOfItIsBehind) {
  SendWindow window;
  window.open(16, 1'000);
  EXPECT_EQ(window.propose(0, 0, 0), 1'000U);
  EXPECT_EQ(window.propose(400, 400, 0), 600U);
  EXPECT_TRUE(window.maybe_sent_before(999));
  EXPECT_FALSE(window.maybe_sent_before(1'000));
  window.inherited_is_over();
  EXPECT_FALSE(window.maybe_sent_before(0));
}

TEST(SendWindow, CountsWhatIsReadAgain) {
  SendWindow window;
  window.open(16, 1'000);
  window.read_again(300);
  EXPECT_TRUE(window.maybe_sent_before(1'299));
  EXPECT_FALSE(window.maybe_sent_before(1'300));
  EXPECT_TRUE(window.inherits_behind(1'299));
  EXPECT_FALSE(window.inherits_behind(1'300));
  EXPECT_EQ(window.propose(0, 0, 0), 1'300U);
}

TEST(SendWindow, SaysNothingWhereAllMayHaveBeenSent) {
  SendWindow window;
  window.open(16, std::nullopt);
  EXPECT_EQ(window.propose(0, 0, 0), std::nullopt);
  EXPECT_FALSE(window.allows(0)) << "of this process none was told";
}

TEST(SendWindow, AllowsNothingBeforeItIsDurable) {
  SendWindow window;
  window.open(16, 0);
  EXPECT_FALSE(window.allows(0));
  window.propose(0, 0, 16);
  EXPECT_FALSE(window.allows(0));
  window.on_durable();
  EXPECT_TRUE(window.allows(15));
  EXPECT_FALSE(window.allows(16));
}

}  // namespace
}  // namespace ddsync
