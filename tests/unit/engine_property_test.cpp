// Properties over random histories (seeded): whatever the order of events and answers,
//  - the last write of each key is the last version that its events said (coalescing loses nothing),
//  - no two writes of one key are ever in flight together, and each batch is sorted by key,
//  - the watermark never passes an event whose write is not acknowledged, and reaches the end.
#include <map>
#include <random>
#include <set>

#include "bson/key.h"
#include "support/engine_harness.h"

namespace ddsync::test {
namespace {

// Ids that are equal across types are one key: the same number in three spellings.
std::string spelled(uint32_t key, uint32_t spelling) {
  if (spelling == 0) return std::to_string(key);
  if (spelling == 1) return std::to_string(key) + ".0";
  return R"({"$numberLong":")" + std::to_string(key) + R"("})";
}

class History {
 public:
  explicit History(uint32_t seed) : random_(seed), given_(options()) { given_.start("e0"); }

  void run() {
    for (int step = 0; step < 200; ++step) {
      if (pick(3) == 0) deliver();
      collect();
      if (pick(2) == 0) answer();
      given_.pass_ms(static_cast<int64_t>(pick(20)));
    }
    while (true) {
      collect();
      if (in_flight_.empty()) break;
      answer();
    }
    settle();
  }

 private:
  static EngineOptions options() {
    EngineOptions options = Harness::options(4);
    options.persist_interval = 1;
    return options;
  }
  uint32_t pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }

  void deliver() {
    if (events_ > 0) {  // start() has taken the first one
      if (!given_.has<output::ReadStream>()) return;
      given_.take<output::ReadStream>();
    }
    std::string events;
    const uint32_t count = 1 + pick(12);
    for (uint32_t i = 0; i < count; ++i) {
      const std::string name = "e" + std::to_string(++events_);
      const uint32_t key = pick(5);
      const std::string id = spelled(key, pick(3));
      const bool removed = pick(4) == 0;
      const std::string version = R"(,"v":)" + std::to_string(events_);
      const std::string text = removed        ? remove(name, id)
                               : pick(2) == 0 ? insert(name, id, version)
                                              : replace(name, id, version);
      source_[key] = removed ? 0 : events_;
      key_of_event_.push_back(key);
      events += (events.empty() ? "" : ",") + text;
    }
    given_.batch(events, "e" + std::to_string(events_));
  }

  void collect() {
    for (auto& write : given_.take_all<output::Write>()) {
      std::string previous;
      for (const WriteOp& operation : write.operations) {
        const std::string bytes = canonical_key(operation.id).bytes();
        EXPECT_TRUE(busy_.insert(bytes).second) << "two writes of one key in flight";
        EXPECT_LT(previous, bytes) << "not sorted by key";
        previous = bytes;
      }
      in_flight_.push_back(std::move(write));
    }
    for (const auto& persist : given_.take_all<output::Persist>()) {
      check(persist.checkpoint);
      given_.give(input::CheckpointDurable{persist.checkpoint.generation});
    }
  }

  void answer() {
    if (in_flight_.empty()) return;
    const auto at = in_flight_.begin() + pick(static_cast<uint32_t>(in_flight_.size()));
    const WriteBatch write = std::move(*at);
    in_flight_.erase(at);
    if (pick(8) == 0) {
      given_.fail(write, Treatment::retry, true);
      for (const WriteOp& operation : write.operations) busy_.erase(canonical_key(operation.id).bytes());
      given_.pass_ms(10'000);
      return;
    }
    for (const WriteOp& operation : write.operations) {
      const auto key = static_cast<uint32_t>(number(operation.id));
      busy_.erase(canonical_key(operation.id).bytes());
      target_[key] = write.parts.front().kind == WriteKind::remove
                         ? 0
                         : static_cast<uint32_t>(number(find_value(operation.document, "v")));
    }
    given_.acknowledge(write);
  }

  static int64_t number(ValueView value) {
    if (value.type == BsonType::real) return static_cast<int64_t>(value.as_double());
    return value.type == BsonType::int32 ? value.as_int32() : value.as_int64();
  }

  // Every key whose last event up to the watermark is also its last event of all must be equal by now.
  void check(const Checkpoint& checkpoint) {
    const OwnedDocument token(checkpoint.streams[0].position.token.view());
    const std::string name(find_value(token.view(), "_data").as_string());
    const size_t covered = std::stoul(name.substr(1));
    EXPECT_GE(covered, covered_) << "the watermark went back";
    covered_ = covered;
    std::map<uint32_t, size_t> last;
    for (size_t i = 0; i < key_of_event_.size(); ++i) last[key_of_event_[i]] = i + 1;
    for (const auto& [key, event] : last) {
      if (event <= covered) {
        EXPECT_EQ(target_[key], source_[key]) << "key " << key << " at " << name;
      }
    }
  }

  void settle() {
    given_.batch("", "e" + std::to_string(events_));
    given_.pass_ms(10'000);
    collect();
    EXPECT_GT(events_, 100u) << "the history was not played";
    EXPECT_EQ(covered_, events_);
    for (const auto& [key, version] : source_) EXPECT_EQ(target_[key], version) << "key " << key;
  }

  std::mt19937 random_;
  Harness given_;
  uint32_t events_ = 0;
  size_t covered_ = 0;
  std::vector<uint32_t> key_of_event_;
  std::map<uint32_t, uint32_t> source_;  // key -> version, 0 = not there
  std::map<uint32_t, uint32_t> target_;
  std::vector<WriteBatch> in_flight_;
  std::set<std::string> busy_;
};

TEST(EngineProperties, HoldForRandomHistories) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History(seed).run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace ddsync::test
