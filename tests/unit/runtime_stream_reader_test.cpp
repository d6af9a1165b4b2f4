// What a stream's reader keeps in the spool.
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "mongo/raw_batch.h"
#include "runtime/stream_reader.h"
#include "support/engine_harness.h"
#include "support/temporary_folder.h"

namespace ddsync::runtime {
namespace {

// A source that answers with nothing and no position, as managed servers do when an idle read times out.
class SilentStream : public mongo::ChangeStream {
 public:
  mongo::Result<StreamPosition> open(const StreamPosition& position) override { return position; }
  bool expanded() const override { return true; }
  mongo::Result<RawBatch> next(uint32_t) override { return mongo::empty_raw_batch(); }
  void close() override {}
};

// The next start would read on from an entry without a position as if there were none: from now.
TEST(StreamReader, KeepsNoEntryWithoutAPosition) {
  const test::TemporaryFolder folder;
  auto spool = state::Spool::open(folder.path() + "/spool", {"source", "target"});
  ASSERT_TRUE(spool) << spool.error().message;
  Inbox inbox;
  StreamReader reader({0}, std::make_unique<SilentStream>(), "db.coll", spool->get(), inbox);
  output::ReadStream order{{0}};
  order.spool_as = 1;
  order.spool_idle = true;
  reader.carry_out(StreamOrder(order));
  std::vector<Input> inputs;
  inbox.take(inputs);
  ASSERT_EQ(inputs.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<input::StreamBatch>(inputs[0]));
  EXPECT_FALSE((*spool)->read("db.coll", 1)) << "there is no entry";
}

// One that has not moved gives the token back that it was opened with.
class StillStream : public SilentStream {
 public:
  mongo::Result<RawBatch> next(uint32_t) override { return test::raw_batch("", test::token("i")); }
};

// What a read of a still source leaves in the spool as its first entry.
state::Result<state::Spool::Entry> kept_of_still(bool spool_idle) {
  const test::TemporaryFolder folder;
  auto spool = state::Spool::open(folder.path() + "/spool", {"source", "target"});
  if (!spool) return tl::unexpected(spool.error());
  Inbox inbox;
  StreamReader reader({0}, std::make_unique<StillStream>(), "db.coll", spool->get(), inbox);
  reader.carry_out(
      StreamOrder(output::OpenStream{{0}, {PositionKind::start_after, test::Harness::token_of("i"), 0}}));
  output::ReadStream order{{0}};
  order.spool_as = 1;
  order.spool_idle = spool_idle;
  reader.carry_out(StreamOrder(order));
  auto entry = (*spool)->read("db.coll", 1);
  if (!entry) return tl::unexpected(entry.error());
  state::Spool::Entry kept;
  kept.after = entry->after;
  return kept;
}

// A resumeAfter with the token of an invalidate is refused for ever.
TEST(StreamReader, KeepsThePositionThatAStillSourceWasOpenedWith) {
  const auto kept = kept_of_still(true);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->after.kind, PositionKind::start_after);
}

TEST(StreamReader, KeepsNothingOfAnIdleSourceUnasked) { EXPECT_FALSE(kept_of_still(false)); }

}  // namespace
}  // namespace ddsync::runtime
