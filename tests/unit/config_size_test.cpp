// Sizes as people write them; the distance between what was written and what was meant.
#include <gtest/gtest.h>

#include "config/edit_distance.h"
#include "config/size.h"

namespace ddsync::config {
namespace {

TEST(Size, KnowsBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_size("1048576"), 1U << 20);
  EXPECT_EQ(parse_size("256MiB"), 256U << 20);
  EXPECT_EQ(parse_size("256 MiB"), 256U << 20);
  EXPECT_EQ(parse_size("256Mi"), 256U << 20);
  EXPECT_EQ(parse_size("1GiB"), 1U << 30);
  EXPECT_EQ(parse_size("1Gi"), 1U << 30);
  EXPECT_EQ(parse_size("4KiB"), 4096U);
  EXPECT_EQ(parse_size("4Ki"), 4096U);
  EXPECT_EQ(parse_size("64MB"), 64'000'000U);
  EXPECT_EQ(parse_size("2GB"), 2'000'000'000U);
  EXPECT_EQ(parse_size("5kB"), 5'000U);
  EXPECT_EQ(parse_size("5KB"), 5'000U);
  EXPECT_EQ(parse_size("7B"), 7U);
  EXPECT_EQ(parse_size("0"), 0U);
}

TEST(Size, RefusesWhatIsNoSize) {
  for (const char* text : {"", " ", "MiB", "-1", "-256MiB", "+1", "1e3", "1.5GiB", "0x100", "1_000",
                           "256 mib", "256MIB", "256M", "256 MiB ", " 256 MiB", "1 GiB 2", "one"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(Size, RefusesWhatDoesNotFit) {
  EXPECT_EQ(parse_size("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_size("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_size("17179869183GiB"), 17179869183U * (uint64_t{1} << 30));
  EXPECT_EQ(parse_size("17179869184GiB"), std::nullopt);
}

TEST(Size, IsPrintedAsShortAsItIsExactAndReadBack) {
  EXPECT_EQ(print_size(256U << 20), "256 MiB");
  EXPECT_EQ(print_size(uint64_t{3} << 30), "3 GiB");
  EXPECT_EQ(print_size((1U << 20) + 1), "1048577");
  for (const uint64_t bytes :
       {uint64_t{0}, uint64_t{1}, uint64_t{1'000'000}, uint64_t{1} << 20, UINT64_MAX}) {
    EXPECT_EQ(parse_size(print_size(bytes)), bytes);
  }
}

TEST(EditDistance, CountsLettersAddedRemovedAndReplaced) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("watch", "watch"), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("wacth", "watch"), 2U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("levels", "level"), 1U);
}

}  // namespace
}  // namespace ddsync::config
