// The spool as its users see it, on a disk that is well.
#include "state/spool.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include "state/checkpoint_store.h"
#include "support/spool_batches.h"
#include "support/temporary_folder.h"

namespace ddsync::state {
namespace {

using test::append_numbered;
using test::is_numbered;

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() { open(); }

  void open() {
    spool_.reset();
    auto opened = Spool::open(path_, identity_);
    ASSERT_TRUE(opened) << opened.error().message;
    spool_ = std::move(*opened);
  }
  void append(const std::string& scope, uint64_t first, uint64_t end, size_t bytes) {
    for (uint64_t sequence = first; sequence < end; ++sequence) {
      const auto appended = append_numbered(*spool_, scope, sequence, bytes);
      ASSERT_TRUE(appended) << appended.error().message;
    }
  }
  void expect_entries(const std::string& scope, uint64_t first, uint64_t end, size_t bytes) {
    for (uint64_t sequence = first; sequence < end; ++sequence) {
      const auto entry = spool_->read(scope, sequence);
      ASSERT_TRUE(entry) << entry.error().message;
      ASSERT_TRUE(is_numbered(*entry, scope, sequence, bytes)) << scope << ' ' << sequence;
    }
  }

  test::TemporaryFolder folder_;
  std::string path_ = folder_.path() + "/state/spool";
  StateIdentity identity_{"source", "target"};
  std::unique_ptr<Spool> spool_;
};

StreamPosition position(PositionKind kind, const std::string& token, uint64_t operation_time) {
  return {kind,
          token.empty() ? ResumeToken()
                        : ResumeToken({reinterpret_cast<const uint8_t*>(token.data()),
                                       static_cast<uint32_t>(token.size())}),
          operation_time};
}

TEST_F(SpoolTest, GivesBackEveryKindOfPositionAndEmptyTokensByteForByte) {
  const std::string token = test::document(std::string("a\0b", 3), 1);
  const std::string events = test::document(test::noise(100'000, 7), 2);
  const std::vector<StreamPosition> positions{position(PositionKind::none, "", 0),
                                              position(PositionKind::resume_after, token, 0),
                                              position(PositionKind::start_after, token, 0),
                                              position(PositionKind::operation_time, "", 0xfedcba9876543210)};
  uint64_t sequence = 0;
  for (const StreamPosition& after : positions) {
    for (const std::string& post_batch : {std::string(), token}) {
      for (const std::string& batch : {events, std::string("\5\0\0\0\0", 5)})
        ASSERT_TRUE(spool_->append("*", sequence++, test::batch_of(batch, post_batch), after));
    }
  }
  for (const bool reopened : {false, true}) {
    if (reopened) open();
    sequence = 0;
    for (const StreamPosition& after : positions) {
      for (const std::string& post_batch : {std::string(), token}) {
        for (const std::string& batch : {events, std::string("\5\0\0\0\0", 5)}) {
          const auto entry = spool_->read("*", sequence++);
          ASSERT_TRUE(entry) << entry.error().message;
          const RawBatch expected = test::batch_of(batch, post_batch);
          EXPECT_EQ(entry->batch.events, expected.events);
          EXPECT_EQ(entry->batch.post_batch_token, expected.post_batch_token);
          EXPECT_EQ(entry->after, after);
        }
      }
    }
  }
}

TEST_F(SpoolTest, OwnsWhatItReadBeyondItsOwnEnd) {
  append("a.b", 0, 1, 1'000);
  auto from_memory = spool_->read("a.b", 0);
  open();
  auto from_disk = spool_->read("a.b", 0);
  spool_.reset();
  ASSERT_TRUE(from_memory && from_disk);
  EXPECT_TRUE(is_numbered(*from_memory, "a.b", 0, 1'000));
  EXPECT_TRUE(is_numbered(*from_disk, "a.b", 0, 1'000));
  EXPECT_GE(from_disk->batch.bytes, from_disk->batch.events.size + from_disk->batch.post_batch_token.size);
}

// Names where one is the begin of another, of another length, or looks like the bytes around it.
TEST_F(SpoolTest, KeepsInterleavedStreamsApart) {
  const std::vector<std::string> scopes{"a", "ab", "a.b", "a.*", "*", std::string("a\0\0", 3), ""};
  for (uint64_t sequence = 0; sequence < 300; ++sequence) {
    for (const std::string& scope : scopes) append(scope, sequence, sequence + 1, 50);
  }
  for (const std::string& scope : scopes) expect_entries(scope, 0, 300, 50);
  open();
  EXPECT_EQ(spool_->contents().size(), scopes.size());
  for (const std::string& scope : scopes) expect_entries(scope, 0, 300, 50);
}

TEST_F(SpoolTest, SaysAfterAReopenWhatItHolds) {
  EXPECT_TRUE(spool_->contents().empty());
  append("db.orders", 5, 25, 1'000);
  append("db.*", 1'000'000'000'000, 1'000'000'000'010, 100);
  open();
  ASSERT_EQ(spool_->contents().size(), 2U);
  const SpooledStream& all = spool_->contents()[0];
  const SpooledStream& orders = spool_->contents()[1];
  EXPECT_EQ(all.scope, "db.*");
  EXPECT_EQ(all.first, 1'000'000'000'000U);
  EXPECT_EQ(all.end, 1'000'000'000'010U);
  EXPECT_EQ(orders.scope, "db.orders");
  EXPECT_EQ(orders.first, 5U);
  EXPECT_EQ(orders.end, 25U);
  EXPECT_EQ(orders.after, test::numbered_position("db.orders", 24));
  EXPECT_GT(orders.bytes, 20U * 1'000U);
  EXPECT_LT(orders.bytes, 20U * 1'300U);
}

TEST_F(SpoolTest, GoesOnWhereItEnded) {
  append("a.b", 0, 3, 10);
  open();
  append("a.b", 3, 6, 10);
  expect_entries("a.b", 0, 6, 10);
  const uint64_t bytes_of_three = spool_->contents()[0].bytes;
  open();
  EXPECT_EQ(spool_->contents()[0].bytes, 2 * bytes_of_three);
}

// Of the folder a copy was put back, of the state not.
TEST_F(SpoolTest, GoesOnWhereTheStateIsWhenAllThatItHasIsRemoved) {
  append("a.b", 1, 3, 100);
  open();
  ASSERT_TRUE(spool_->remove_before("a.b", 5));
  append("a.b", 5, 7, 100);
  expect_entries("a.b", 5, 7, 100);
  open();
  ASSERT_EQ(spool_->contents().size(), 1U);
  EXPECT_EQ(spool_->contents()[0].end, 7U);
  expect_entries("a.b", 5, 7, 100);
}

TEST_F(SpoolTest, RefusesASequenceThatIsNotTheNext) {
  append("a.b", 7, 9, 10);
  EXPECT_FALSE(append_numbered(*spool_, "a.b", 8, 10));
  EXPECT_FALSE(append_numbered(*spool_, "a.b", 10, 10));
  open();
  EXPECT_FALSE(append_numbered(*spool_, "a.b", 10, 10));
  append("a.b", 9, 10, 10);
  expect_entries("a.b", 7, 10, 10);
}

TEST_F(SpoolTest, AMissingEntryIsDamage) {
  append("a.b", 0, 2, 10);
  for (const auto& [scope, sequence] : {std::pair("a.b", 2), std::pair("a.c", 0)}) {
    const auto entry = spool_->read(scope, static_cast<uint64_t>(sequence));
    ASSERT_FALSE(entry);
    EXPECT_EQ(entry.error().code_name, kDamagedState);
    EXPECT_EQ(entry.error().treatment, Treatment::fatal);
  }
}

TEST_F(SpoolTest, GivesDiskSpaceBackWhileOtherEntriesStay) {
  constexpr size_t kBytes = 500'000;
  append("a.b", 0, 160, kBytes);  // 80 MB
  append("a.c", 0, 4, kBytes);
  append("a.b", 160, 170, kBytes);
  const uint64_t before = test::folder_bytes(path_);
  ASSERT_GT(before, 85'000'000U);
  ASSERT_TRUE(spool_->remove_before("a.b", 155));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (test::folder_bytes(path_) > 40'000'000) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << test::folder_bytes(path_);
    std::this_thread::yield();
  }
  expect_entries("a.b", 155, 170, kBytes);
  expect_entries("a.c", 0, 4, kBytes);
  open();
  ASSERT_EQ(spool_->contents().size(), 2U);
  EXPECT_EQ(spool_->contents()[0].first, 155U);
  expect_entries("a.b", 155, 170, kBytes);
  append("a.b", 170, 171, kBytes);
}

TEST_F(SpoolTest, AppendsFromManyThreads) {
  constexpr uint64_t kEntries = 50;
  constexpr size_t kBytes = 100'000;
  std::vector<std::thread> threads;
  for (const char* scope : {"a.a", "a.b", "a.c", "a.d"}) {
    threads.emplace_back([this, scope] {
      for (uint64_t sequence = 0; sequence < kEntries; ++sequence) {
        EXPECT_TRUE(append_numbered(*spool_, scope, sequence, kBytes));
        const auto entry = spool_->read(scope, sequence / 2);
        EXPECT_TRUE(entry && is_numbered(*entry, scope, sequence / 2, kBytes));
        EXPECT_TRUE(spool_->remove_before(scope, sequence / 2));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  open();
  EXPECT_EQ(spool_->contents().size(), 4U);
  for (const char* scope : {"a.a", "a.b", "a.c", "a.d"})
    expect_entries(scope, kEntries / 2, kEntries, kBytes);
}

TEST_F(SpoolTest, IsForItsOwnerOnly) {
  append("a.b", 0, 30, 1'000'000);
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0077, 0U) << entry.path();
  }
}

TEST_F(SpoolTest, HasNoFileThatIsNotDocumented) {
  append("a.b", 0, 30, 1'000'000);
  open();
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    EXPECT_NE(entry.path().filename().string().substr(0, 3), "LOG") << entry.path();
}

TEST_F(SpoolTest, OfAnotherPairIsRefusedAndStaysAsItIs) {
  append("a.b", 0, 2, 10);
  spool_.reset();
  for (const StateIdentity& other : {StateIdentity{"source", "other"}, StateIdentity{"other", "target"}}) {
    const auto opened = Spool::open(path_, other);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code_name, kForeignState);
  }
  open();
  expect_entries("a.b", 0, 2, 10);
}

TEST_F(SpoolTest, ThatIsOpenElsewhereIsRefusedWithTheReason) {
  const auto opened = Spool::open(path_, identity_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code_name, kForeignState);
  EXPECT_NE(opened.error().message.find("used by another process"), std::string::npos)
      << opened.error().message;
}

TEST_F(SpoolTest, IsEmptyAfterItsRemovalAndLeavesForeignFilesAlone) {
  append("a.b", 0, 20, 1'000'000);
  spool_.reset();
  std::ofstream(path_ + "/notes.txt") << "mine";
  ASSERT_TRUE(Spool::remove(path_));
  EXPECT_EQ(test::folder_bytes(path_), 4U);
  ASSERT_TRUE(Spool::remove(path_));
  identity_.target = "another";
  open();
  EXPECT_TRUE(spool_->contents().empty());
  append("a.b", 0, 1, 10);
  EXPECT_TRUE(Spool::remove(folder_.path() + "/none"));
}

TEST_F(SpoolTest, CompletesARemovalThatWasCutOff) {
  append("a.b", 0, 20, 1'000'000);
  spool_.reset();
  std::ofstream(path_ + "/being-removed");
  std::filesystem::remove(path_ + "/CURRENT");
  open();
  EXPECT_TRUE(spool_->contents().empty());
  EXPECT_LT(test::folder_bytes(path_), 100'000U);
}

TEST_F(SpoolTest, KnowsTheFreeSpaceOfItsVolume) {
  const auto free = free_disk_bytes(path_);
  ASSERT_TRUE(free);
  EXPECT_GT(*free, 0U);
  EXPECT_FALSE(free_disk_bytes(folder_.path() + "/none"));
}

}  // namespace
}  // namespace ddsync::state
