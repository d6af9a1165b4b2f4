// What a stream's reader keeps in the spool.
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "mongo/raw_batch.h"
#include "runtime/stream_reader.h"
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

}  // namespace
}  // namespace ddsync::runtime
