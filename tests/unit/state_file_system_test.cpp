// The real file system: what it does when files are there already, and when a write fails half-way.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "state/file_system.h"
#include "support/temporary_folder.h"

namespace ddsync::state {
namespace {

class StateFileSystemTest : public testing::Test {
 protected:
  std::string file(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string content(const std::string& name) {
    return files_->read(file(name)).value_or(std::nullopt).value_or("(missing)");
  }
  static mode_t mode(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777;
  }
  static ino_t inode(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_ino;
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<FileSystem> files_ = posix_file_system();
};

// Runs `check` in a child process that may write no more than `bytes` to a file: the kernel takes a part of
// the write and refuses the rest, as on a full disk.
bool passes_with_file_size_limit(rlim_t bytes, const std::function<bool()>& check) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ::_exit(::setrlimit(RLIMIT_FSIZE, &limit) == 0 && check() ? 0 : 1);
  }
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(StateFileSystemTest, ReadsNothingWhereNoFileIs) {
  const auto read = files_->read(file("none"));
  ASSERT_TRUE(read);
  EXPECT_FALSE(*read);
}

TEST_F(StateFileSystemTest, ReadsBackWhatWasWritten) {
  std::string bytes(300'000, 'x');
  bytes[5] = '\0';
  ASSERT_TRUE(files_->write_synced(file("a"), bytes));
  EXPECT_EQ(content("a"), bytes);
  EXPECT_EQ(mode(file("a")), 0600U);
}

TEST_F(StateFileSystemTest, SyncsWhatWasWrittenAlsoWhenAnotherFileCameInBetween) {
  ASSERT_TRUE(files_->write(file("a"), "first"));
  ASSERT_TRUE(files_->write(file("b"), "second"));
  EXPECT_TRUE(files_->sync(file("a")));
  EXPECT_TRUE(files_->sync(file("b")));
  EXPECT_EQ(content("a"), "first");
  EXPECT_EQ(content("b"), "second");
}

TEST_F(StateFileSystemTest, CannotSyncWhatIsNotThere) {
  ASSERT_TRUE(files_->write(file("a"), "other"));
  const auto synced = files_->sync(file("none"));
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().treatment, Treatment::retry);
  EXPECT_NE(synced.error().message.find(file("none")), std::string::npos);
}

TEST_F(StateFileSystemTest, WritesANewFileWhereAHardLinkToAnotherLies) {
  ASSERT_TRUE(files_->write_synced(file("worthy"), "state"));
  ASSERT_EQ(::link(file("worthy").c_str(), file("temporary").c_str()), 0);
  ASSERT_TRUE(files_->write_synced(file("temporary"), "new"));
  EXPECT_EQ(content("worthy"), "state");
}

TEST_F(StateFileSystemTest, DoesNotFollowSymbolicLinks) {
  ASSERT_TRUE(files_->write_synced(file("worthy"), "state"));
  ASSERT_EQ(::symlink(file("worthy").c_str(), file("link").c_str()), 0);
  EXPECT_FALSE(files_->read(file("link")));
  EXPECT_FALSE(files_->append_synced(file("link"), "more"));
  ASSERT_TRUE(files_->write_synced(file("link"), "new"));
  EXPECT_EQ(content("worthy"), "state");
  EXPECT_EQ(content("link"), "new");
}

TEST_F(StateFileSystemTest, RemovesAFileThatCouldNotBeWrittenWhole) {
  EXPECT_TRUE(passes_with_file_size_limit(100, [&] {
    const auto written = files_->write_synced(file("a"), std::string(1000, 'x'));
    return !written && written.error().code == kErrorLocalDisk &&
           written.error().message.find(file("a")) != std::string::npos &&
           written.error().message.find("ulimit -f") != std::string::npos;
  }));
  EXPECT_TRUE(folder_.files().empty());
}

TEST_F(StateFileSystemTest, TakesBackAnAppendThatCouldNotBeWrittenWhole) {
  ASSERT_TRUE(files_->append_synced(file("a"), "first\n"));
  EXPECT_TRUE(passes_with_file_size_limit(
      100, [&] { return !files_->append_synced(file("a"), std::string(1000, 'x')).has_value(); }));
  EXPECT_EQ(content("a"), "first\n");
}

TEST_F(StateFileSystemTest, AppendsAtTheEnd) {
  ASSERT_TRUE(files_->append_synced(file("a"), "one"));
  ASSERT_TRUE(files_->append_synced(file("a"), "two"));
  EXPECT_EQ(content("a"), "onetwo");
  EXPECT_EQ(mode(file("a")), 0600U);
}

TEST_F(StateFileSystemTest, LinksInPlaceOfWhatWasThere) {
  ASSERT_TRUE(files_->write_synced(file("from"), "new"));
  ASSERT_TRUE(files_->write_synced(file("to"), "old"));
  ASSERT_TRUE(files_->write_synced(file("to.new"), "left by a crash"));
  ASSERT_TRUE(files_->link_or_copy(file("from"), file("to")));
  EXPECT_EQ(content("to"), "new");
  EXPECT_EQ(folder_.files(), (std::vector<std::string>{"from", "to"}));
}

TEST_F(StateFileSystemTest, LinksAgainWhenACrashCameAfterTheFirstTime) {
  ASSERT_TRUE(files_->write_synced(file("from"), "new"));
  ASSERT_TRUE(files_->link_or_copy(file("from"), file("to")));
  ASSERT_EQ(inode(file("from")), inode(file("to")));
  ASSERT_TRUE(files_->link_or_copy(file("from"), file("to")));
  EXPECT_EQ(folder_.files(), (std::vector<std::string>{"from", "to"}));
}

TEST_F(StateFileSystemTest, CannotLinkWhatIsNotThere) {
  EXPECT_FALSE(files_->link_or_copy(file("none"), file("to")));
  EXPECT_TRUE(folder_.files().empty());
}

TEST_F(StateFileSystemTest, RemovesAMissingFileWithoutError) { EXPECT_TRUE(files_->remove(file("none"))); }

TEST_F(StateFileSystemTest, MakesAFolderWithItsParents) {
  const std::string deep = file("a/b//c/");
  ASSERT_TRUE(files_->make_folder(deep));
  ASSERT_TRUE(files_->make_folder(deep));
  EXPECT_EQ(mode(deep), 0700U);
  EXPECT_TRUE(files_->sync_folder(deep));
}

TEST_F(StateFileSystemTest, SaysThatAFolderIsAFile) {
  ASSERT_TRUE(files_->write_synced(file("a"), ""));
  for (const auto& failed : {files_->make_folder(file("a")), files_->make_folder(file("a/b"))}) {
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message.find("a file lies where a folder must be: move it away"),
              std::string::npos)
        << failed.error().message;
  }
}

TEST_F(StateFileSystemTest, SaysThatAFolderIsMissing) {
  for (const auto& failed : {files_->write_synced(file("none/a"), ""), files_->sync_folder(file("none"))}) {
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message.find(file("none")), std::string::npos);
    EXPECT_EQ(failed.error().treatment, Treatment::retry);
  }
}

TEST_F(StateFileSystemTest, KnowsTheLastByte) {
  EXPECT_EQ(files_->last_byte(file("none")).value(), std::nullopt);
  ASSERT_TRUE(files_->write_synced(file("a"), ""));
  EXPECT_EQ(files_->last_byte(file("a")).value(), std::nullopt);
  ASSERT_TRUE(files_->append_synced(file("a"), "xyz"));
  EXPECT_EQ(files_->last_byte(file("a")).value(), 'z');
}

TEST(StateFolder, OfAPathIsWhatComesBeforeItsName) {
  EXPECT_EQ(folder_of("/a/b/c.json"), "/a/b");
  EXPECT_EQ(folder_of("/a/b//c/"), "/a/b");
  EXPECT_EQ(folder_of("/c.json"), "/");
  EXPECT_EQ(folder_of("c.json"), ".");
  EXPECT_EQ(folder_of("/"), "/");
  EXPECT_EQ(folder_of(""), ".");
}

}  // namespace
}  // namespace ddsync::state
