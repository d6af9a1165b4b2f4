// What the spool holds after kill -9, and after its files were damaged. The spool is opened in child
// processes only: RocksDB's threads would not survive a fork.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <functional>
#include <vector>

#include "state/checkpoint_store.h"
#include "state/descriptor.h"
#include "state/spool.h"
#include "state/spool_wal.h"
#include "support/spool_batches.h"
#include "support/temporary_folder.h"

namespace ddsync::state {
namespace {

const StateIdentity kIdentity{"source", "target"};
constexpr size_t kEntryBytes = 150'000;
constexpr std::array<const char*, 2> kScopes{"a.b", "a.*"};

// The exit code of `run` in a child.
int in_child(const std::function<int()>& run) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(run());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

struct Acknowledged {
  uint32_t scope = 0;
  uint64_t sequence = 0;
};

// Appends for ever, going on behind what is there; writes down each acknowledged entry.
int append_for_ever(const std::string& folder, int report) {
  auto spool = Spool::open(folder, kIdentity);
  if (!spool) return 1;
  std::array<uint64_t, 2> next{};
  for (const SpooledStream& stream : (*spool)->contents()) next[stream.scope == kScopes[1]] = stream.end;
  for (uint32_t turn = 0;; ++turn) {
    const uint32_t scope = turn % 3 == 0;
    const uint64_t sequence = next[scope]++;
    if (!test::append_numbered(**spool, kScopes[scope], sequence, kEntryBytes)) return 2;
    const Acknowledged acknowledged{scope, sequence};
    if (::write(report, &acknowledged, sizeof acknowledged) != sizeof acknowledged) return 3;
  }
}

// Kills a child that appends when it has acknowledged `entries` more; the ends of both streams.
void append_until_killed(const std::string& folder, int entries, std::array<uint64_t, 2>& ends) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const Descriptor reading(pipe[0]);
  Descriptor writing(pipe[1]);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(append_for_ever(folder, writing.get()));
  writing.close();
  Acknowledged acknowledged;
  for (int count = 0; ::read(reading.get(), &acknowledged, sizeof acknowledged) > 0; ++count) {
    ends.at(acknowledged.scope) = acknowledged.sequence + 1;
    if (count == entries) ::kill(child, SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
}

enum Found : int { kAll = 0, kRefused, kLess, kReadRefused, kWrong };

// What lies in the folder, given the ends of what was acknowledged. Every entry that it says it has must be
// right.
Found find(const std::string& folder, const std::array<uint64_t, 2>& ends) {
  return static_cast<Found>(in_child([&]() -> int {
    const auto spool = Spool::open(folder, kIdentity);
    if (!spool) return spool.error().code_name == kDamagedState ? kRefused : kWrong;
    std::array<uint64_t, 2> found{};
    for (const SpooledStream& stream : (*spool)->contents()) {
      found[stream.scope == kScopes[1]] = stream.end;
      if (stream.first != 0) return kWrong;
      for (uint64_t sequence = 0; sequence < stream.end; ++sequence) {
        const auto entry = (*spool)->read(stream.scope, sequence);
        if (!entry) return entry.error().code_name == kDamagedState ? kReadRefused : kWrong;
        if (!test::is_numbered(*entry, stream.scope, sequence, kEntryBytes)) return kWrong;
      }
    }
    // One more than acknowledged may be there: stored, and killed before it could say so.
    for (size_t i = 0; i < ends.size(); ++i) {
      if (found[i] > ends[i] + 1) return kWrong;
    }
    return found[0] >= ends[0] && found[1] >= ends[1] ? kAll : kLess;
  }));
}

std::vector<std::string> files_with(const std::string& folder, const std::string& ending) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ending && entry.file_size() > 0) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void flip_byte(const std::string& file, uint64_t offset) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(offset));
  const char flipped = static_cast<char>(stream.get() ^ 0x40);
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.put(flipped);
}

class SpoolCrashTest : public testing::Test {
 protected:
  // Entries in a log and, when `flushed`, in other files, too.
  void fill(bool flushed) {
    // The third write buffer is begun only when the first is flushed; the newest files may be those of a
    // flush that was cut off.
    append_until_killed(spool_, flushed ? 120 : 20, ends_);
    ASSERT_EQ(files_with(spool_, ".blob").size() > 1, flushed);
  }
  std::string newest_log() const { return files_with(spool_, ".log").back(); }
  // A copy, to damage it in another way each time.
  std::string copy(int number) const {
    std::string copied = folder_.path() + "/copy" + std::to_string(number);
    std::filesystem::create_directory(copied);
    for (const auto& entry : std::filesystem::directory_iterator(spool_)) {
      if (entry.path().filename() != "reserve") std::filesystem::copy(entry.path(), copied);
    }
    return copied;
  }

  test::TemporaryFolder folder_;
  std::string spool_ = folder_.path() + "/spool";
  std::array<uint64_t, 2> ends_{};
};

TEST_F(SpoolCrashTest, HoldsAllThatWasAcknowledgedBeforeEachOfTwentyKills) {
  for (int round = 0; round < 20; ++round) {
    ASSERT_NO_FATAL_FAILURE(append_until_killed(spool_, round * 7 % 23, ends_));
    ASSERT_EQ(find(spool_, ends_), kAll) << "round " << round;
  }
}

TEST_F(SpoolCrashTest, OpensWithWhateverRestOfItsLog) {
  ASSERT_NO_FATAL_FAILURE(fill(false));
  const auto size = std::filesystem::file_size(newest_log());
  for (uint64_t cut = 0; cut < 12; ++cut) {
    const std::string copied = copy(static_cast<int>(cut));
    const uint64_t missing = cut * cut * 7'001;
    std::filesystem::resize_file(files_with(copied, ".log").back(), size - missing);
    const Found found = find(copied, ends_);
    // What was cut off may be an entry that nobody has acknowledged.
    EXPECT_TRUE(found == kLess || (found == kAll && missing <= 2 * kEntryBytes)) << cut << ' ' << found;
    EXPECT_TRUE(found == kAll || cut > 0);
  }
}

TEST_F(SpoolCrashTest, OpensWhenPagesOfTheLastRecordDidNotReachTheDisk) {
  ASSERT_NO_FATAL_FAILURE(fill(false));
  const std::string log = newest_log();
  const auto size = std::filesystem::file_size(log);
  // Holes in its middle, its first and its last page. It may be acknowledged or not.
  for (const uint64_t behind : {uint64_t{90'000}, uint64_t{kEntryBytes}, uint64_t{2'000}}) {
    const std::string copied = copy(static_cast<int>(behind));
    std::fstream stream(files_with(copied, ".log").back(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(size - behind));
    stream.write(std::string(1'000, '\0').data(), 1'000);
    stream.close();
    const Found found = find(copied, ends_);
    EXPECT_TRUE(found == kLess || found == kAll) << behind << ' ' << found;
  }
}

TEST_F(SpoolCrashTest, RefusesAFlippedByteOfTheLogBeforeOtherEntries) {
  ASSERT_NO_FATAL_FAILURE(fill(false));
  const auto size = std::filesystem::file_size(newest_log());
  for (int tenth = 0; tenth < 9; ++tenth) {
    const std::string copied = copy(tenth);
    flip_byte(files_with(copied, ".log").back(), size * static_cast<uint64_t>(tenth) / 10 + 3);
    ASSERT_EQ(find(copied, ends_), kRefused) << tenth;
    ASSERT_EQ(find(copied, ends_), kRefused) << tenth << ", the second time";
  }
}

TEST_F(SpoolCrashTest, NeverGivesBackWrongDataWhereverAByteIsFlipped) {
  ASSERT_NO_FATAL_FAILURE(fill(true));
  int number = 0;
  for (const char* ending : {".blob", ".sst"}) {
    const auto size =
        std::filesystem::file_size(files_with(spool_, ending).at(1));  // behind that of the pair
    for (uint64_t tenth = 0; tenth < 10; ++tenth) {
      const std::string copied = copy(number++);
      flip_byte(files_with(copied, ending).at(1), size * tenth / 10 + 1);
      const Found found = find(copied, ends_);
      EXPECT_TRUE(found == kRefused || found == kReadRefused || found == kAll)
          << ending << tenth << ' ' << found;
      if (tenth == 5 && ending == std::string(".blob")) {
        EXPECT_NE(found, kAll);
      }
    }
  }
}

TEST_F(SpoolCrashTest, RefusesToBeginAnewWhereFilesAreMissing) {
  ASSERT_NO_FATAL_FAILURE(fill(true));
  int number = 0;
  const auto without = [&](const std::string& name) {
    const std::string copied = copy(number++);
    EXPECT_TRUE(std::filesystem::remove(copied + "/" + std::filesystem::path(name).filename().string()));
    return find(copied, ends_);
  };
  EXPECT_EQ(without("CURRENT"), kRefused);
  for (const char* ending : {".blob", ".sst"}) EXPECT_EQ(without(files_with(spool_, ending).at(1)), kRefused);
  for (const auto& entry : std::filesystem::directory_iterator(spool_)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("MANIFEST")) {
      EXPECT_EQ(without(name), kRefused) << name;
    }
  }
}

TEST_F(SpoolCrashTest, TellsATornEndOfALogFromADamageBeforeIt) {
  ASSERT_NO_FATAL_FAILURE(fill(false));
  const auto content = posix_file_system()->read(newest_log());
  std::string log = content->value();
  EXPECT_FALSE(inspect_wal(log).record_behind_damage);
  EXPECT_TRUE(inspect_wal(log).has_record);
  log[log.size() - 50] ^= 1;
  EXPECT_TRUE(inspect_wal(log).damaged);
  EXPECT_FALSE(inspect_wal(log).record_behind_damage);
  log[5] ^= 1;  // the length of its first fragment
  EXPECT_TRUE(inspect_wal(log).record_behind_damage);
}

}  // namespace
}  // namespace ddsync::state
