// Every interleaving of a small world: three events over two documents, two writers, one crash at any point.
//
// Each history of three events (an insert where the document is not there, else a replace or a delete) is
// played in every order of these steps: the next event arrives, a write in flight is done and answered, a
// checkpoint becomes durable, the process is killed. At the kill each write in flight lands or does not.
// After it a new engine starts from what is durable, and every order of what follows is played as well.
// Reading for a comparison is answered at once, and truly.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bson/key.h"
#include "support/engine_harness.h"

namespace ddsync::test {
namespace {

constexpr size_t kEvents = 3;
constexpr uint32_t kWriters = 2;
// All orders of all of them would take minutes; then events first, checkpoints, writes.
constexpr uint32_t kFreeStepsAfterKill = 4;
constexpr int64_t kStepMs = 10;              // longer than the least time between two checkpoints
constexpr int64_t kUntilProvenMs = 200'000;  // longer than a write can be late

enum class Kind : uint8_t { insert, replace, remove };

struct Change {
  uint32_t key = 0;
  Kind kind = Kind::insert;
};
using History = std::vector<Change>;

// All paths through a tree whose branches are known only on the way, one after the other.
class Choices {
 public:
  size_t pick(size_t options) {
    if (depth_ == taken_.size()) taken_.push_back({0, options});
    return taken_[depth_++].first;
  }
  // To the next path; false when there is none.
  bool advance() {
    depth_ = 0;
    while (!taken_.empty() && ++taken_.back().first == taken_.back().second) taken_.pop_back();
    return !taken_.empty();
  }
  std::string text() const {
    std::string path;
    for (const auto& [choice, options] : taken_)
      path += std::to_string(choice) + "/" + std::to_string(options) + " ";
    return path;
  }

 private:
  std::vector<std::pair<size_t, size_t>> taken_;  // the choice and how many there were
  size_t depth_ = 0;
};

int64_t number(ValueView value) {
  return value.type == BsonType::int32 ? value.as_int32() : value.as_int64();
}

class Play {
 public:
  Play(const History& history, Choices& choices) : history_(history), choices_(choices) {}

  void run() {
    start();
    do {
      collect();
    } while (step());
    settle();
  }

 private:
  enum class Step : uint8_t { deliver, make_durable, kill, end, answer };

  void start() {
    EngineOptions options = Harness::options(kWriters);
    options.persist_interval = 1;
    if (durable_) options.resume_from = *durable_;
    engine_ = std::make_unique<Harness>(std::move(options));
    written_.clear();
    engine_->give(input::TargetReady{});
  }

  // What the engine asked for: openings and comparisons are answered, the rest is a step of its own.
  void collect() {
    bool asked = true;
    while (asked) {
      asked = false;
      for (const auto& open : engine_->take_all<output::OpenStream>()) {
        delivered_ = open.position.known() ? covered_by(open.position) : 0;
        engine_->give(
            input::StreamOpened{open.stream, {PositionKind::resume_after, Harness::token_of("e0"), 0}});
        asked = true;
      }
      for (const auto& compare : engine_->take_all<output::Compare>()) {
        engine_->give(compared(compare));
        asked = true;
      }
    }
    for (auto& write : engine_->take_all<output::Write>()) take(std::move(write));
    for (auto& persist : engine_->take_all<output::Persist>()) {
      check(persist.checkpoint);
      persisting_ = std::move(persist.checkpoint);
    }
    if (!engine_->take_all<output::ReadStream>().empty()) may_read_ = true;
    engine_->take_all<output::WakeAt>();
    engine_->take_all<output::Notice>();
    engine_->take_all<output::Watching>();
  }

  void take(WriteBatch&& write) {
    for (const WriteOp& operation : write.operations)
      EXPECT_TRUE(busy_.insert(key_of(operation)).second) << "two writes of one document in flight";
    EXPECT_LT(in_flight_.size(), kWriters);
    in_flight_.push_back(std::move(write));
  }

  // One of all that can happen now; false when it is the end.
  bool step() {
    std::vector<Step> possible;
    if (may_read_ && delivered_ < history_.size()) possible.push_back(Step::deliver);
    if (persisting_) possible.push_back(Step::make_durable);
    possible.insert(possible.end(), in_flight_.size(), Step::answer);
    if (possible.empty()) possible.push_back(Step::end);
    if (!killed_) possible.push_back(Step::kill);
    if (killed_) steps_after_kill_ += 1;
    const size_t chosen = steps_after_kill_ > kFreeStepsAfterKill ? 0 : choices_.pick(possible.size());
    if (possible[chosen] == Step::end) return false;
    if (possible[chosen] == Step::answer) {
      answer(chosen - static_cast<size_t>(std::find(possible.begin(), possible.end(), Step::answer) -
                                          possible.begin()));
    } else {
      carry_out(possible[chosen]);
    }
    engine_->pass_ms(kStepMs);
    return true;
  }

  void carry_out(Step step) {
    if (step == Step::deliver) {
      deliver();
    } else if (step == Step::make_durable) {
      durable_ = *std::exchange(persisting_, std::nullopt);
      engine_->give(input::CheckpointDurable{durable_->generation});
    } else {
      kill();
    }
  }

  void deliver() {
    const Change& change = history_[delivered_];
    delivered_ += 1;
    const std::string name = "e" + std::to_string(delivered_);
    const std::string id = std::to_string(change.key);
    const std::string version = R"(,"v":)" + std::to_string(delivered_);
    may_read_ = false;
    engine_->batch(change.kind == Kind::remove    ? remove(name, id)
                   : change.kind == Kind::replace ? replace(name, id, version)
                                                  : insert(name, id, version),
                   name);
  }

  void answer(size_t index) {
    const WriteBatch write = std::move(in_flight_[index]);
    in_flight_.erase(in_flight_.begin() + static_cast<std::ptrdiff_t>(index));
    for (const WriteOp& operation : write.operations) {
      busy_.erase(key_of(operation));
      if (write.parts.front().kind == WriteKind::remove) continue;
      int64_t& last = written_[key_of(operation)];
      EXPECT_LE(last, version_of(operation)) << "an older version follows a newer one";
      last = version_of(operation);
    }
    engine_->give(input::WriteFinished{write.writer, write.id, land(write)});
  }

  WriteOutcome land(const WriteBatch& write) {
    WriteOutcome outcome;
    for (uint32_t i = 0; i < write.operations.size(); ++i) {
      const WriteOp& operation = write.operations[i];
      int64_t& there = target_[key_of(operation)];
      if (write.parts.front().kind == WriteKind::insert && there != 0) {
        Error error;
        error.code = 11000;
        error.treatment = Treatment::duplicate_id;
        outcome.operation_errors.push_back({i, error});
      } else {
        there = write.parts.front().kind == WriteKind::remove ? 0 : version_of(operation);
      }
    }
    return outcome;
  }

  void kill() {
    killed_ = true;
    const size_t landed = choices_.pick(size_t{1} << in_flight_.size());
    for (size_t i = 0; i < in_flight_.size(); ++i) {
      if ((landed >> i & 1) != 0) land(in_flight_[i]);
    }
    in_flight_.clear();
    busy_.clear();
    persisting_.reset();  // that it became durable unanswered is the same as killed right after the answer
    may_read_ = false;
    start();
  }

  // Time passes until everything is proven.
  void settle() {
    for (int round = 0; round < 4; ++round) {
      if (may_read_) {
        may_read_ = false;
        engine_->batch("", "e" + std::to_string(delivered_));
      }
      engine_->pass_ms(kUntilProvenMs);
      collect();
      while (!in_flight_.empty() || persisting_) {
        if (persisting_) carry_out(Step::make_durable);
        if (!in_flight_.empty()) answer(0);
        engine_->pass_ms(kStepMs);
        collect();
      }
    }
    EXPECT_EQ(delivered_, history_.size());
    ASSERT_TRUE(durable_.has_value());
    EXPECT_EQ(covered_by(durable_->streams.at(0).position), history_.size());
    EXPECT_TRUE(durable_->suspects.empty());
    for (uint32_t key = 1; key <= 2; ++key)
      EXPECT_EQ(target_[key], source(key, history_.size())) << "document " << key;
  }

  // Of each document the target holds the version of the last event that the checkpoint covers, or a later
  // one.
  void check(const Checkpoint& checkpoint) {
    const StreamPosition& position = checkpoint.streams.at(0).position;
    const size_t covered = position.known() ? covered_by(position) : 0;
    for (uint32_t key = 1; key <= 2; ++key) {
      std::set<int64_t> allowed;
      for (size_t events = covered; events <= history_.size(); ++events) allowed.insert(source(key, events));
      EXPECT_EQ(allowed.count(target_[key]), 1U)
          << "document " << key << " is version " << target_[key] << " and the checkpoint covers " << covered;
    }
  }

  // The version that the source holds after so many events; 0 = none.
  int64_t source(uint32_t key, size_t events) const {
    int64_t version = 0;
    for (size_t i = 0; i < events; ++i) {
      if (history_[i].key == key)
        version = history_[i].kind == Kind::remove ? 0 : static_cast<int64_t>(i + 1);
    }
    return version;
  }

  input::Compared compared(const output::Compare& compare) {
    input::Compared answer;
    answer.id = compare.id;
    for (const OwnedValue& id : compare.ids) {
      const auto key = static_cast<uint32_t>(number(id.view()));
      const int64_t version = source(key, history_.size());
      input::ComparedKey result;
      result.equal = target_[key] == version;
      if (!result.equal && version != 0) {
        result.source_document = OwnedDocument(from_extended_json(R"({"_id":)" + std::to_string(key) +
                                                                  R"(,"v":)" + std::to_string(version) + "}")
                                                   ->view());
      }
      answer.keys.push_back(std::move(result));
    }
    return answer;
  }

  static uint32_t key_of(const WriteOp& operation) { return static_cast<uint32_t>(number(operation.id)); }
  static int64_t version_of(const WriteOp& operation) { return number(find_value(operation.document, "v")); }
  static size_t covered_by(const StreamPosition& position) {
    return std::stoul(std::string(find_value(position.token.view(), "_data").as_string().substr(1)));
  }

  const History& history_;
  Choices& choices_;
  std::unique_ptr<Harness> engine_;
  std::optional<Checkpoint> durable_;
  std::optional<Checkpoint> persisting_;
  std::vector<WriteBatch> in_flight_;
  std::set<uint32_t> busy_;
  std::map<uint32_t, int64_t> target_;   // document -> version, 0 = not there
  std::map<uint32_t, int64_t> written_;  // by this process
  size_t delivered_ = 0;
  bool may_read_ = false;
  bool killed_ = false;
  uint32_t steps_after_kill_ = 0;
};

// Of histories that only exchange the two documents, one: the first event is of document 1.
void histories(const History& begun, std::vector<History>& all) {
  if (begun.size() == kEvents) {
    all.push_back(begun);
    return;
  }
  for (uint32_t key = 1; key <= (begun.empty() ? 1U : 2U); ++key) {
    bool there = false;
    for (const Change& change : begun) {
      if (change.key == key) there = change.kind != Kind::remove;
    }
    for (const Kind kind : {Kind::insert, Kind::replace, Kind::remove}) {
      if ((kind == Kind::insert) == there) continue;
      History next = begun;
      next.push_back({key, kind});
      histories(next, all);
    }
  }
}

TEST(EngineInterleavings, OfThreeEventsTwoWritersAndACrashAllEndEqual) {
  std::vector<History> all;
  histories({}, all);
  size_t paths = 0;
  for (const History& history : all) {
    Choices choices;
    do {
      Play(history, choices).run();
      ++paths;
      if (HasFailure()) FAIL() << "path " << paths << ": " << choices.text();
    } while (choices.advance());
  }
  RecordProperty("paths", static_cast<int>(paths));
  EXPECT_GT(paths, 1'000U) << all.size() << " histories";
}

}  // namespace
}  // namespace ddsync::test
