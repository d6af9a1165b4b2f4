// Only one process at a time holds a state.
#include "state/instance_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "support/temporary_folder.h"

namespace ddsync::state {
namespace {

// Another process that holds the lock of `state_path` from construction on until it is killed.
class Holder {
 public:
  explicit Holder(const std::string& state_path) {
    std::array<int, 2> ready{};
    EXPECT_EQ(::pipe(ready.data()), 0);
    pid_ = ::fork();
    if (pid_ == 0) hold(state_path, ready[1]);
    char locked = 0;
    EXPECT_EQ(::read(ready[0], &locked, 1), 1);
    EXPECT_EQ(locked, 'y');
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~Holder() { kill(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }

 private:
  [[noreturn]] static void hold(const std::string& state_path, int ready) {
    const auto lock = InstanceLock::acquire(state_path);
    const char answer = lock ? 'y' : 'n';
    if (::write(ready, &answer, 1) != 1) ::_exit(1);
    while (true) ::pause();
  }

  pid_t pid_ = 0;
};

class InstanceLockTest : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  std::string state_path_ = folder_.path() + "/state.json";
};

TEST_F(InstanceLockTest, IsRefusedWhileAnotherProcessHoldsIt) {
  const Holder holder(state_path_);
  const auto lock = InstanceLock::acquire(state_path_);
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code_name, kAlreadyRunning);
  EXPECT_EQ(lock.error().treatment, Treatment::fatal);
  EXPECT_NE(lock.error().message.find("pid " + std::to_string(holder.pid()) + ")"), std::string::npos)
      << lock.error().message;
  EXPECT_NE(lock.error().message.find(state_path_), std::string::npos);
}

TEST_F(InstanceLockTest, IsFreeAgainWhenItsHolderWasKilled) {
  Holder holder(state_path_);
  holder.kill();
  EXPECT_TRUE(InstanceLock::acquire(state_path_));
}

TEST_F(InstanceLockTest, IsFreeAgainWhenItIsLetGo) {
  auto lock = InstanceLock::acquire(state_path_);
  ASSERT_TRUE(lock);
  EXPECT_FALSE(InstanceLock::acquire(state_path_));
  lock->reset();
  EXPECT_TRUE(InstanceLock::acquire(state_path_));
}

TEST_F(InstanceLockTest, DoesNotKeepOutAnotherState) {
  const auto lock = InstanceLock::acquire(state_path_);
  EXPECT_TRUE(lock);
  EXPECT_TRUE(InstanceLock::acquire(folder_.path() + "/other.json"));
}

TEST_F(InstanceLockTest, CreatesTheFolderOfTheState) {
  EXPECT_TRUE(InstanceLock::acquire(folder_.path() + "/new/folder/state.json"));
}

TEST_F(InstanceLockTest, TakesAwayTheFileThatItMadeAndNoOther) {
  const std::string file = state_path_ + ".lock";
  auto lock = InstanceLock::acquire(state_path_);
  ASSERT_TRUE(lock);
  lock->reset();
  EXPECT_EQ(::access(file.c_str(), F_OK), 0) << "an ordinary end leaves it";

  lock = InstanceLock::acquire(state_path_);
  ASSERT_TRUE(lock);
  (*lock)->remove_file_if_made();
  EXPECT_EQ(::access(file.c_str(), F_OK), 0);
  lock->reset();

  ASSERT_EQ(::unlink(file.c_str()), 0);
  lock = InstanceLock::acquire(state_path_);
  ASSERT_TRUE(lock);
  (*lock)->remove_file_if_made();
  EXPECT_NE(::access(file.c_str(), F_OK), 0);
}

TEST_F(InstanceLockTest, IsHeldByOneAlsoWhenFilesAreTakenAway) {
  constexpr int rounds = 2'000;
  std::atomic<int> holders = 0;
  std::atomic<int> beside_another = 0;
  const auto start_and_be_refused = [&] {
    for (int round = 0; round < rounds; ++round) {
      const auto lock = InstanceLock::acquire(state_path_);
      if (!lock) continue;
      if (holders.fetch_add(1) != 0) ++beside_another;
      std::this_thread::yield();
      --holders;
      (*lock)->remove_file_if_made();
    }
  };
  std::vector<std::thread> starts;
  for (int i = 0; i < 4; ++i) starts.emplace_back(start_and_be_refused);
  for (std::thread& start : starts) start.join();
  EXPECT_EQ(beside_another, 0);
}

TEST_F(InstanceLockTest, SaysWhenTheLockFileCannotBeUsed) {
  ASSERT_EQ(::symlink("elsewhere", (state_path_ + ".lock").c_str()), 0);
  const auto lock = InstanceLock::acquire(state_path_);
  ASSERT_FALSE(lock);
  EXPECT_NE(lock.error().code_name, kAlreadyRunning);
  EXPECT_NE(lock.error().message.find(state_path_ + ".lock"), std::string::npos);
}

}  // namespace
}  // namespace ddsync::state
