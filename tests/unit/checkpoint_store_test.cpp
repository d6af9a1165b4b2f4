// The state's files: what is saved is what is loaded; whatever fails, the old or the new state is loaded or
// the file is refused, and it is never taken for "no state".
#include "state/checkpoint_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <functional>
#include <memory>

#include "state/disk_error.h"
#include "support/checkpoints.h"
#include "support/temporary_folder.h"

namespace ddsync::state {
namespace {

using test::kPair;
using test::rich_checkpoint;
using test::same;

class CheckpointStoreTest : public testing::Test {
 protected:
  std::string path() const { return folder_.path() + "/state.json"; }
  std::string content(const std::string& file) {
    return files_->read(file).value_or(std::nullopt).value_or("(missing)");
  }

  ddsync::test::TemporaryFolder folder_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
  CheckpointStore store_{*files_, path(), kPair};
};

TEST_F(CheckpointStoreTest, FindsNoStateAtFirst) {
  const auto loaded = store_.load();
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(*loaded);
}

TEST_F(CheckpointStoreTest, LoadsWhatWasSavedLast) {
  ASSERT_TRUE(store_.save(rich_checkpoint(1)));
  ASSERT_TRUE(store_.save(rich_checkpoint(2)));
  const auto loaded = store_.load();
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_TRUE(*loaded);
  EXPECT_TRUE(same(**loaded, rich_checkpoint(2)));
}

TEST_F(CheckpointStoreTest, KeepsTheStateBeforeAsPrevious) {
  ASSERT_TRUE(store_.save(rich_checkpoint(1)));
  EXPECT_EQ(content(path() + ".previous"), "(missing)");
  for (uint64_t generation = 2; generation < 5; ++generation) {
    const std::string before = content(path());
    ASSERT_TRUE(store_.save(rich_checkpoint(generation)));
    EXPECT_EQ(content(path() + ".previous"), before);
  }
}

TEST_F(CheckpointStoreTest, LeavesNoTemporaryFiles) {
  for (uint64_t generation = 1; generation < 4; ++generation)
    ASSERT_TRUE(store_.save(rich_checkpoint(generation)));
  EXPECT_EQ(folder_.files(), (std::vector<std::string>{"state.json", "state.json.previous"}));
}

TEST_F(CheckpointStoreTest, IsReadableByItsOwnerOnly) {
  ASSERT_TRUE(store_.save(rich_checkpoint(1)));
  ASSERT_TRUE(store_.save(rich_checkpoint(2)));
  for (const std::string& file : {path(), path() + ".previous"}) {
    struct stat status {};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << file;
  }
}

TEST_F(CheckpointStoreTest, RefusesWhenOnlyThePreviousStateIsThere) {
  ASSERT_TRUE(store_.save(rich_checkpoint(1)));
  ASSERT_TRUE(store_.save(rich_checkpoint(2)));
  ASSERT_TRUE(files_->remove(path()));
  const auto loaded = store_.load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code_name, kDamagedState);
}

TEST_F(CheckpointStoreTest, ContinuesFromThePreviousStateWhenAnOperatorCopiesIt) {
  ASSERT_TRUE(store_.save(rich_checkpoint(1)));
  ASSERT_TRUE(store_.save(rich_checkpoint(2)));
  ASSERT_TRUE(files_->remove(path()));
  ASSERT_TRUE(files_->link_or_copy(path() + ".previous", path()));
  const auto loaded = store_.load();
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_TRUE(same(**loaded, rich_checkpoint(1)));
  ASSERT_TRUE(store_.save(rich_checkpoint(2)));
  EXPECT_EQ(folder_.files(), (std::vector<std::string>{"state.json", "state.json.previous"}));
}

TEST_F(CheckpointStoreTest, RefusesADamagedStateAndLeavesItAsItIs) {
  ASSERT_TRUE(store_.save(rich_checkpoint(1)));
  const std::string cut = content(path()).substr(0, 100);
  ASSERT_TRUE(files_->write_synced(path(), cut));
  EXPECT_FALSE(store_.load());
  EXPECT_EQ(content(path()), cut);
}

TEST_F(CheckpointStoreTest, RefusesAStateThatIsASymbolicLink) {
  ASSERT_TRUE(store_.save(rich_checkpoint(1)));
  ASSERT_TRUE(files_->rename(path(), folder_.path() + "/real.json"));
  ASSERT_EQ(::symlink((folder_.path() + "/real.json").c_str(), path().c_str()), 0);
  EXPECT_FALSE(store_.load());
}

TEST_F(CheckpointStoreTest, ForgetsEverythingOnReset) {
  ASSERT_TRUE(store_.save(rich_checkpoint(1)));
  ASSERT_TRUE(store_.save(rich_checkpoint(2)));
  ASSERT_TRUE(files_->write_synced(path() + ".tmp", "left by a crash"));
  ASSERT_TRUE(files_->write_synced(path() + ".previous.new", "left by a crash"));
  ASSERT_TRUE(store_.remove());
  EXPECT_TRUE(folder_.files().empty());
  EXPECT_TRUE(store_.load() && !*store_.load());
  EXPECT_TRUE(store_.remove());
}

struct Failure {
  bool takes_effect = false;  // the failing operation was done all the same
  bool lasts = true;          // as a crash or a lost volume; else the next operation works again
};

// Fails the N-th operation.
class FailingFileSystem final : public FileSystem {
 public:
  FailingFileSystem(FileSystem& files, int fails_at, Failure failure)
      : files_(files), left_(fails_at), failure_(failure) {}

  bool failed() const { return left_ < 0; }

  Result<std::optional<std::string>> read(const std::string& path) override {
    return run<Result<std::optional<std::string>>>([&] { return files_.read(path); });
  }
  Result<void> write(const std::string& path, std::string_view content) override {
    return run<Result<void>>([&] { return files_.write(path, content); });
  }
  Result<void> sync(const std::string& path) override {
    return run<Result<void>>([&] { return files_.sync(path); });
  }
  Result<void> append_synced(const std::string& path, std::string_view content) override {
    return run<Result<void>>([&] { return files_.append_synced(path, content); });
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return run<Result<void>>([&] { return files_.rename(from, to); });
  }
  Result<void> link_or_copy(const std::string& from, const std::string& to) override {
    return run<Result<void>>([&] { return files_.link_or_copy(from, to); });
  }
  Result<void> remove(const std::string& path) override {
    return run<Result<void>>([&] { return files_.remove(path); });
  }
  Result<void> sync_folder(const std::string& folder) override {
    return run<Result<void>>([&] { return files_.sync_folder(folder); });
  }
  Result<void> make_folder(const std::string& folder) override {
    return run<Result<void>>([&] { return files_.make_folder(folder); });
  }

 private:
  template <typename R>
  R run(const std::function<R()>& operation) {
    if (left_-- > 0 || (left_ < -1 && !failure_.lasts)) return operation();
    if (left_ == -1 && failure_.takes_effect) (void)operation();
    return io_error("use", "the disk", ENOSPC);
  }

  FileSystem& files_;
  int left_;
  Failure failure_;
};

TEST_F(CheckpointStoreTest, HoldsTheOldOrTheNewStateWhicheverOperationFails) {
  for (const Failure failure : {Failure{}, Failure{.takes_effect = true}, Failure{.lasts = false},
                                Failure{.takes_effect = true, .lasts = false}}) {
    bool failed = true;
    for (int fails_at = 0; failed; ++fails_at) {
      ASSERT_TRUE(store_.save(rich_checkpoint(1)));
      ASSERT_TRUE(store_.save(rich_checkpoint(2)));
      FailingFileSystem failing(*files_, fails_at, failure);
      const auto saved = CheckpointStore(failing, path(), kPair).save(rich_checkpoint(3));
      failed = failing.failed();
      EXPECT_EQ(saved.has_value(), !failed);
      const auto loaded = store_.load();
      ASSERT_TRUE(loaded && *loaded);
      EXPECT_TRUE(same(**loaded, rich_checkpoint(2)) || same(**loaded, rich_checkpoint(3)));
      if (saved) {
        EXPECT_TRUE(same(**loaded, rich_checkpoint(3)));
      }
    }
  }
}

TEST_F(CheckpointStoreTest, HoldsNoStateOrTheFirstWhicheverOperationFails) {
  for (const bool takes_effect : {false, true}) {
    bool failed = true;
    for (int fails_at = 0; failed; ++fails_at) {
      ASSERT_TRUE(store_.remove());
      FailingFileSystem failing(*files_, fails_at, Failure{.takes_effect = takes_effect});
      const auto saved = CheckpointStore(failing, path(), kPair).save(rich_checkpoint(1));
      failed = failing.failed();
      EXPECT_EQ(saved.has_value(), !failed);
      const auto loaded = store_.load();
      ASSERT_TRUE(loaded);
      EXPECT_TRUE(!*loaded || same(**loaded, rich_checkpoint(1)));
    }
  }
}

TEST_F(CheckpointStoreTest, ResetsWhollyOrNotAtAllWhicheverOperationFails) {
  for (const Failure failure : {Failure{}, Failure{.takes_effect = true}, Failure{.lasts = false},
                                Failure{.takes_effect = true, .lasts = false}}) {
    bool failed = true;
    for (int fails_at = 0; failed; ++fails_at) {
      ASSERT_TRUE(store_.remove());
      ASSERT_TRUE(store_.save(rich_checkpoint(1)));
      ASSERT_TRUE(store_.save(rich_checkpoint(2)));
      FailingFileSystem failing(*files_, fails_at, failure);
      const auto removed = CheckpointStore(failing, path(), kPair).remove();
      failed = failing.failed();
      EXPECT_EQ(removed.has_value(), !failed);
      const auto loaded = store_.load();
      ASSERT_TRUE(loaded) << "a half-reset state must still be readable";
      EXPECT_TRUE(!*loaded || same(**loaded, rich_checkpoint(2)));
    }
  }
}

}  // namespace
}  // namespace ddsync::state
