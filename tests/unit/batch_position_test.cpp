// Where the source is behind a batch that goes to the spool.
#include "engine/batch_position.h"

#include <gtest/gtest.h>

#include <string>

#include "support/engine_harness.h"

namespace ddsync::test {
namespace {

StreamPosition after(const std::string& name) {
  return {PositionKind::resume_after, Harness::token_of(name), 0};
}

std::optional<BatchPosition> behind(const std::string& events, const std::string& name,
                                    const StreamPosition& opened) {
  const RawBatch batch = raw_batch(events, token(name));
  return position_behind(batch.events, batch.post_batch_token, opened);
}

TEST(BatchPosition, IsTheSourcesOwnThanTheLastEvents) {
  EXPECT_EQ(behind(insert("a", "1"), "b", {}).value().after, after("b"));
  const RawBatch batch = raw_batch(insert("a", "1"), "{}");
  EXPECT_EQ(position_behind(batch.events, {}, {}).value().after, after("a"));
}

// Read with resumeAfter the token of an invalidate is refused, for ever.
TEST(BatchPosition, OfASourceThatHasNotMovedStaysTheOneItWasOpenedWith) {
  const StreamPosition opened{PositionKind::start_after, Harness::token_of("i"), 0};
  EXPECT_EQ(behind("", "i", opened).value().after, opened);
  EXPECT_EQ(behind("", "j", opened).value().after, after("j"));
}

TEST(BatchPosition, BehindAnInvalidateIsItsOwn) {
  const auto position = behind(insert("a", "1") + "," + event("i", "invalidate", ""), "b", {});
  EXPECT_TRUE(position.value().invalidated);
  EXPECT_EQ(position.value().after, (StreamPosition{PositionKind::start_after, Harness::token_of("i"), 0}));
}

// It would stay so in the spool, and nobody gets past.
TEST(BatchPosition, IsNoneOfABatchThatCannotBeUnderstood) {
  EXPECT_EQ(behind(R"({"_id":{"_data":"a"}})", "a", {}), std::nullopt);
  RawBatch batch = raw_batch(insert("a", "1") + "," + insert("b", "2"), token("b"));
  std::string cut(reinterpret_cast<const char*>(batch.events.data), batch.events.size);
  cut[cut.size() - 2] = '\x7f';
  const DocumentView damaged{reinterpret_cast<const uint8_t*>(cut.data()), static_cast<uint32_t>(cut.size())};
  EXPECT_EQ(position_behind(damaged, {}, {}), std::nullopt);
}

TEST(BatchPosition, TellsTheSizes) {
  const std::string large = insert("b", "2", R"(,"v":")" + std::string(1'000, 'x') + '"');
  const BatchSize size = behind(insert("a", "1") + "," + large, "b", {}).value().size;
  EXPECT_EQ(size.events, 2U);
  EXPECT_GT(size.largest, 1'000U);
  EXPECT_GT(size.bytes, size.largest + 100);
}

}  // namespace
}  // namespace ddsync::test
