// What `documentdb-sync check` makes of the folder of the state: a real one, and one that takes no more.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "check/local.h"
#include "runtime/durable_state.h"
#include "state/checkpoint_store.h"
#include "support/temporary_folder.h"

namespace ddsync::check {
namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// No file takes a byte more, as on a disk that is full, and also for root.
class NothingCanBeWritten {
 public:
  NothingCanBeWritten() {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~NothingCanBeWritten() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  NothingCanBeWritten(const NothingCanBeWritten&) = delete;
  NothingCanBeWritten& operator=(const NothingCanBeWritten&) = delete;

 private:
  rlimit before_ = {};
};

class State : public testing::Test {
 protected:
  State() {
    config_.source_uri = "mongodb://a:1";
    config_.target_uri = "mongodb://b:1";
    config_.state_directory = config_.spool_directory = folder_.path();
  }

  void save(const Checkpoint& checkpoint) {
    const auto files = state::posix_file_system();
    const state::StateIdentity identity{.source = config::cluster_name(config_.source_uri),
                                        .target = config::cluster_name(config_.target_uri)};
    ASSERT_TRUE(state::CheckpointStore(*files, config::state_path(config_), identity).save(checkpoint));
  }

  test::TemporaryFolder folder_;
  config::Config config_;
  Context context_{config_};
};

Checkpoint one_stream() {
  Checkpoint checkpoint;
  checkpoint.streams.emplace_back().scope = "shop.orders";
  return checkpoint;
}

TEST_F(State, IsReadAlsoWhereNothingCanBeWritten) {
  save(one_stream());
  const auto findings = [&] {
    const NothingCanBeWritten full;
    return check_state(context_);
  }();
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].verdict, Verdict::problem);
  EXPECT_TRUE(has(findings[1].found, "1 stream")) << findings[1].found;
  EXPECT_TRUE(context_.checkpoint.has_value());
  EXPECT_FALSE(context_.state_unknown);
}

TEST_F(State, ThatIsNotThereIsKnownNotToBe) {
  EXPECT_EQ(worst(check_state(context_)), Verdict::ok);
  EXPECT_FALSE(context_.state_unknown);
}

TEST_F(State, ThatCannotBeReadMayBeThere) {
  std::ofstream(config::state_path(config_)) << "{}{";
  EXPECT_EQ(worst(check_state(context_)), Verdict::problem);
  EXPECT_TRUE(context_.state_unknown);
}

TEST_F(State, HasNoFolderWhereAFileLies) {
  config_.state_directory += "/file";
  std::ofstream(config_.state_directory) << "";
  const Finding finding = check_state(context_).front();
  EXPECT_EQ(finding.verdict, Verdict::problem);
  EXPECT_EQ(finding.remedy,
            config_.state_directory + " is a file: move it away, or choose another state.directory");
}

TEST_F(State, AndSpoolAreNotToldToHaveTheReserveAsRoom) {
  const std::filesystem::path spool = runtime::spool_path(config_);
  std::filesystem::create_directory(spool);
  std::ofstream(spool / "000001.blob") << std::string(3 << 10, 'x');
  std::ofstream(spool / "reserve") << std::string(5 << 10, 'x');
  const std::string found = check_free_disk(context_).front().found;
  EXPECT_TRUE(found.ends_with("which has 3.0 KiB already")) << found;
}

}  // namespace
}  // namespace ddsync::check
