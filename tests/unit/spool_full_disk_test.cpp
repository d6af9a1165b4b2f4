// A spool whose disk is full, and has space again: a small tmpfs. Skipped where mounting is not possible.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "state/spool.h"
#include "state/spool_database.h"
#include "support/spool_batches.h"
#include "support/temporary_folder.h"

namespace ddsync::state {
namespace {

using test::append_numbered;
using test::is_numbered;

constexpr const char* kScope = "a.b";

class SpoolFullDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    mounted_ = ::mount("none", folder_.path().c_str(), "tmpfs", 0, "size=220m") == 0;
    if (!mounted_) GTEST_SKIP() << "cannot mount a tmpfs here";
    open();
  }
  void TearDown() override {
    spool_.reset();
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }

  void open() {
    spool_.reset();
    auto opened = Spool::open(folder_.path() + "/spool", {"source", "target"});
    ASSERT_TRUE(opened) << opened.error().message;
    spool_ = std::move(*opened);
  }
  // Leaves `free` bytes to the spool.
  void occupy(uint64_t free) {
    const auto space = free_disk_bytes(folder_.path());
    ASSERT_GT(*space, free);
    std::ofstream file(ballast(), std::ios::binary);
    for (uint64_t left = *space - free; left > 0;) {
      const uint64_t part = std::min(left, uint64_t{1} << 20);
      file.write(std::string(part, 'x').data(), static_cast<std::streamsize>(part));
      left -= part;
    }
  }
  void free_again() { std::filesystem::remove(ballast()); }
  std::string ballast() const { return folder_.path() + "/ballast"; }

  // Appends until the disk is full; the first sequence that was refused.
  void append_until_full(size_t bytes, uint64_t& next) {
    for (; next < 100'000; ++next) {
      const auto appended = append_numbered(*spool_, kScope, next, bytes);
      if (appended) continue;
      EXPECT_EQ(appended.error().code_name, "LocalDisk") << appended.error().message;
      EXPECT_EQ(appended.error().treatment, Treatment::retry);
      return;
    }
    FAIL() << "the disk is never full";
  }
  void expect_entries(uint64_t first, uint64_t end, size_t bytes) {
    for (uint64_t sequence = first; sequence < end; ++sequence) {
      const auto entry = spool_->read(kScope, sequence);
      ASSERT_TRUE(entry) << entry.error().message;
      ASSERT_TRUE(is_numbered(*entry, kScope, sequence, bytes)) << sequence;
    }
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<Spool> spool_;
  bool mounted_ = false;
};

// Wherever the disk becomes full: in the log, at its begin, in a flush.
TEST_F(SpoolFullDiskTest, AppendsAgainWhenThereIsSpaceAndLosesNothing) {
  constexpr size_t kBytes = 200'000;
  uint64_t next = 0;
  for (uint64_t round = 0; round < 8; ++round) {
    occupy(1'000'000 + round * 1'111'111);
    ASSERT_NO_FATAL_FAILURE(append_until_full(kBytes, next));
    EXPECT_FALSE(append_numbered(*spool_, kScope, next, kBytes)) << "still full";
    ASSERT_NO_FATAL_FAILURE(expect_entries(0, next, kBytes));
    free_again();
    for (int more = 0; more < 3; ++more, ++next) {
      const auto appended = append_numbered(*spool_, kScope, next, kBytes);
      ASSERT_TRUE(appended) << "round " << round << ": " << appended.error().message;
    }
    if (round % 2 == 1) {
      ASSERT_NO_FATAL_FAILURE(open());
    }
    ASSERT_NO_FATAL_FAILURE(expect_entries(0, next, kBytes));
  }
}

// A thread of RocksDB takes the error back when there is space, and goes on with the log that failed where
// nothing is in memory: its builds with assertions (Debian's) end the process at the next write.
TEST_F(SpoolFullDiskTest, NothingIsWrittenToALogThatFailedAlsoWhenRocksDbTakesTheErrorBack) {
  const std::string folder = folder_.path() + "/database";
  auto database = SpoolDatabase::open(folder);
  ASSERT_TRUE(database) << database.error().message;
  const std::string value(200'000, 'v');
  const auto write = [&](const char* key) {
    rocksdb::WriteBatch batch;
    batch.Put(key, value);
    return (*database)->write(batch);
  };
  occupy(value.size() / 2);
  ASSERT_FALSE(write("first"));
  free_again();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!(*database)->use([](rocksdb::DB& store) { return store.Resume(); }, "resume"))
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  const auto again = write("second");
  ASSERT_TRUE(again) << again.error().message;
  rocksdb::PinnableSlice read;
  EXPECT_TRUE((*database)->read("second", read).value_or(false));
  EXPECT_EQ(read, value);
}

// Nothing but the spool is on that disk: what is removed must make room for what comes.
TEST_F(SpoolFullDiskTest, GivesSpaceBackOnADiskThatItFilledItself) {
  constexpr size_t kBytes = 500'000;
  uint64_t next = 0;
  ASSERT_NO_FATAL_FAILURE(append_until_full(kBytes, next));
  ASSERT_NO_FATAL_FAILURE(expect_entries(0, next, kBytes));
  const uint64_t first = next - 20;
  static_cast<void>(spool_->remove_before(kScope, first));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!append_numbered(*spool_, kScope, next, kBytes)) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << test::folder_bytes(folder_.path() + "/spool");
    std::this_thread::yield();
  }
  expect_entries(first, next + 1, kBytes);
  open();
  ASSERT_EQ(spool_->contents().size(), 1U);
  EXPECT_EQ(spool_->contents()[0].end, next + 1);
  expect_entries(first, next + 1, kBytes);
}

// The state is written before entries are removed, on the same disk.
TEST_F(SpoolFullDiskTest, LeavesRoomForTheStateOnADiskThatItFilledItself) {
  uint64_t next = 0;
  append_until_full(500'000, next);
  EXPECT_GT(*free_disk_bytes(folder_.path()), 16'000'000U);
  open();
  EXPECT_GT(*free_disk_bytes(folder_.path()), 16'000'000U);
}

// However often it is tried, and whether or not the spool saw the disk become full.
TEST_F(SpoolFullDiskTest, OpensOnAFullDiskAndGivesSpaceBack) {
  constexpr size_t kBytes = 500'000;
  uint64_t next = 0;
  for (; next < 240; ++next) ASSERT_TRUE(append_numbered(*spool_, kScope, next, kBytes));
  spool_.reset();
  occupy(0);
  for (int start = 0; start < 4; ++start) ASSERT_NO_FATAL_FAILURE(open());
  ASSERT_NO_FATAL_FAILURE(expect_entries(0, next, kBytes));
  EXPECT_FALSE(append_numbered(*spool_, kScope, next, kBytes)) << "into what was lent";
  ASSERT_TRUE(spool_->remove_before(kScope, next));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!append_numbered(*spool_, kScope, next, kBytes)) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << test::folder_bytes(folder_.path() + "/spool");
    std::this_thread::yield();
  }
  EXPECT_EQ(std::filesystem::file_size(folder_.path() + "/spool/reserve"), 48U << 20) << "held again";
}

TEST_F(SpoolFullDiskTest, SaysWhatToDoWhereNothingIsLeftToOpenWith) {
  for (uint64_t next = 0; next < 100; ++next) ASSERT_TRUE(append_numbered(*spool_, kScope, next, 100'000));
  spool_.reset();
  std::filesystem::remove(folder_.path() + "/spool/reserve");
  occupy(0);
  const auto refused = Spool::open(folder_.path() + "/spool", {"source", "target"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code_name, "LocalDisk") << refused.error().message;
  EXPECT_NE(refused.error().message.find("free space"), std::string::npos) << refused.error().message;
}

// ulimit -f; the signal is ignored as by harden_process().
TEST_F(SpoolFullDiskTest, ALimitOnTheSizeOfFilesPassesLikeAFullDisk) {
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit unlimited{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  const rlimit limited{.rlim_cur = 1'000'000, .rlim_max = unlimited.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limited), 0);
  uint64_t next = 0;
  append_until_full(100'000, next);
  setrlimit(RLIMIT_FSIZE, &unlimited);
  std::signal(SIGXFSZ, before);
  EXPECT_GT(next, 0U);
  const auto appended = append_numbered(*spool_, kScope, next, 100'000);
  ASSERT_TRUE(appended) << appended.error().message;
  expect_entries(0, next + 1, 100'000);
}

TEST_F(SpoolFullDiskTest, ReopensAfterAFullDiskWithAllThatWasAcknowledged) {
  uint64_t next = 0;
  occupy(3'000'000);
  append_until_full(100'000, next);
  spool_.reset();
  free_again();
  open();
  ASSERT_GE(spool_->contents().at(0).end, next);
  expect_entries(0, next, 100'000);
}

}  // namespace
}  // namespace ddsync::state
