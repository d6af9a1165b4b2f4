// The watermark of one stream, and what is kept in memory for it.
#include "engine/ledger.h"

#include "support/engine_harness.h"

namespace ddsync::test {
namespace {

class LedgerTest : public ::testing::Test {
 protected:
  // A batch of inserts, complete; `after` names the position behind it. `entry`: of the spool, 0 = none.
  std::vector<EventRef> add(const std::string& after, int events, uint64_t entry = 0) {
    std::string text;
    for (int i = 0; i < events; ++i)
      text += (i == 0 ? "" : ",") + insert(after + "_" + std::to_string(i), std::to_string(i));
    auto storage = std::make_unique<JsonBatch>(text, token(after));
    ElementCursor cursor(storage->events());
    const uint32_t bytes = storage->bytes();
    BatchRecord& batch = ledger_.begin_batch(std::move(storage), bytes, {1});
    batch.spool_sequence = entry;
    std::vector<EventRef> refs;
    while (cursor.next()) {
      Event event;
      EXPECT_TRUE(decode_event(cursor.value().as_document(), event));
      refs.push_back(ledger_.add_event(batch, event));
    }
    ledger_.end_batch(batch, {PositionKind::resume_after, Harness::token_of(after), 0});
    return refs;
  }
  void acknowledge(const std::vector<EventRef>& refs) {
    for (const EventRef ref : refs) ledger_.acknowledge(ref);
  }
  bool stands_at(const std::string& name) const {
    return ledger_.position().token == Harness::token_of(name);
  }

  Ledger ledger_{"db.coll"};
};

TEST_F(LedgerTest, HoldsNothingWhenAllIsAcknowledged) {
  acknowledge(add("a", 3));
  acknowledge(add("b", 2));
  EXPECT_EQ(ledger_.advance(), 5U);
  EXPECT_TRUE(stands_at("b"));
  EXPECT_EQ(ledger_.bytes(), 0U);
}

TEST_F(LedgerTest, DoesNotGrowBehindAnEventThatIsStuck) {
  const auto stuck = add("stuck", 2);
  ledger_.acknowledge(stuck[0]);
  ledger_.advance();
  acknowledge(add("first", 3));
  const uint64_t bytes = ledger_.bytes();
  for (int i = 0; i < 1'000; ++i) acknowledge(add("later", 3));
  EXPECT_EQ(ledger_.advance(), 0U);
  EXPECT_TRUE(stands_at("stuck_0"));
  EXPECT_EQ(ledger_.bytes(), bytes);
  ledger_.acknowledge(stuck[1]);
  EXPECT_EQ(ledger_.advance(), 1U + 3U + 3'000U);
  EXPECT_TRUE(stands_at("later"));
  EXPECT_EQ(ledger_.bytes(), 0U);
}

TEST_F(LedgerTest, CountsWhatIsKeptOfEveryBatchBetweenStuckOnes) {
  std::vector<EventRef> stuck;
  uint64_t bytes = 0;
  for (int i = 0; i < 100; ++i) {
    stuck.push_back(add("stuck", 1)[0]);
    const uint64_t with_stuck = ledger_.bytes();
    EXPECT_GT(with_stuck, bytes);
    acknowledge(add("done", 1));
    EXPECT_GT(ledger_.bytes(), with_stuck) << "its position is kept";
    bytes = ledger_.bytes();
  }
  for (size_t i = stuck.size(); i-- > 0;) ledger_.acknowledge(stuck[i]);
  EXPECT_EQ(ledger_.advance(), 200U);
  EXPECT_TRUE(stands_at("done"));
  EXPECT_EQ(ledger_.bytes(), 0U);
}

TEST_F(LedgerTest, JoinsBatchesThatFinishInAnyOrder) {
  const auto a = add("a", 2);
  const auto b = add("b", 2);
  const auto c = add("c", 2);
  const auto d = add("d", 2);
  ledger_.acknowledge(a[0]);
  EXPECT_EQ(ledger_.advance(), 1U);
  acknowledge(d);
  acknowledge(b);
  acknowledge(c);
  EXPECT_EQ(ledger_.advance(), 0U);
  EXPECT_TRUE(stands_at("a_0"));
  ledger_.acknowledge(a[1]);
  EXPECT_EQ(ledger_.advance(), 7U);
  EXPECT_TRUE(stands_at("d"));
}

TEST_F(LedgerTest, KeepsAnIdlePositionBehindFinishedBatches) {
  const auto stuck = add("stuck", 1);
  acknowledge(add("later", 1));
  EXPECT_TRUE(ledger_.idle_position({PositionKind::resume_after, Harness::token_of("idle"), 0}));
  acknowledge(stuck);
  ledger_.advance();
  EXPECT_TRUE(stands_at("idle"));
}

// There a restart goes on with it.
TEST_F(LedgerTest, StandsBehindTheLastEntryOfTheSpoolThatIsDone) {
  const auto stuck = add("stuck", 1, 1);
  for (uint64_t entry = 2; entry <= 4; ++entry) acknowledge(add("later", 2, entry));
  ledger_.advance();
  EXPECT_EQ(ledger_.spool_next(), 1U);
  acknowledge(stuck);
  ledger_.advance();
  EXPECT_EQ(ledger_.spool_next(), 5U);
  EXPECT_EQ(ledger_.spool_next_at(), 7U);
}

TEST_F(LedgerTest, CountsNoOtherEventsToAnEntryOfTheSpool) {
  const auto stuck = add("stuck", 1, 1);
  acknowledge(add("spooled", 2, 2));
  acknowledge(add("direct", 3));
  acknowledge(stuck);
  EXPECT_EQ(ledger_.advance(), 6U);
  EXPECT_EQ(ledger_.spool_next(), 3U);
  EXPECT_EQ(ledger_.spool_next_at(), 3U);
}

TEST_F(LedgerTest, TakesAnAcknowledgementOnce) {
  const auto events = add("a", 2);
  ledger_.acknowledge(events[0]);
  ledger_.acknowledge(events[0]);
  EXPECT_EQ(ledger_.waiting(), 1U);
  EXPECT_EQ(ledger_.advance(), 1U);
}

}  // namespace
}  // namespace ddsync::test
