// An entry of the spool as bytes: what is not one as it was written is none.
#include "state/spool_entry.h"

#include <gtest/gtest.h>

#include <string>

#include "support/spool_batches.h"

namespace ddsync::state {
namespace {

std::string entry() {
  const RawBatch batch = test::numbered_batch("a.b", 7, 100);
  const StreamPosition after = test::numbered_position("a.b", 7);
  const EncodedEntry encoded = encode_entry(batch, after, 5);
  std::string bytes(encoded.head.data(), encoded.head.size());
  for (const std::string_view part : encoded.rest) bytes.append(part);
  EXPECT_EQ(bytes.size(), encoded.bytes());
  return bytes;
}

TEST(SpoolEntry, IsReadAsItWasWritten) {
  const std::string bytes = entry();
  const auto decoded = decode_entry(bytes);
  ASSERT_TRUE(decoded);
  const RawBatch batch = test::numbered_batch("a.b", 7, 100);
  EXPECT_EQ(decoded->events, batch.events);
  EXPECT_EQ(decoded->post_batch_token, batch.post_batch_token);
  EXPECT_EQ(decoded->after, test::numbered_position("a.b", 7));
  EXPECT_EQ(decoded->bytes_before, 5U);
}

TEST(SpoolEntry, IsNoneWhenItIsCutOffOrHasMore) {
  const std::string bytes = entry();
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_entry(std::string_view(bytes).substr(0, size))) << size;
  EXPECT_FALSE(decode_entry(bytes + '\0'));
}

TEST(SpoolEntry, IsNoneOfAnotherFormatOrAnUnknownPosition) {
  for (const size_t at : {0U, 1U}) {
    std::string bytes = entry();
    bytes[at] = 9;
    EXPECT_FALSE(decode_entry(bytes)) << at;
  }
}

}  // namespace
}  // namespace ddsync::state
