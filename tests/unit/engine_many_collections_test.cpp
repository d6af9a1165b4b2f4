// Writes to several collections in one command, where the target takes that (bulkWrite).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/engine_harness.h"

namespace ddsync::test {
namespace {

class EngineManyCollections : public testing::Test {
 protected:
  explicit EngineManyCollections(uint32_t writers = 1) : given_(options(writers)) { given_.start(); }

  static EngineOptions options(uint32_t writers) {
    EngineOptions options = Harness::options(writers);
    options.streams = {{ScopeLevel::database, {"db", ""}}};
    options.filter = NamespaceFilter({{"db", ""}}, {});
    return options;
  }

  static void take_many_parts(Harness& given, bool with_fence = false) {
    TargetLimits limits;
    limits.takes_many_parts = true;
    limits.refuses_late_writes = with_fence;
    given.give(input::TargetReady{limits});
  }
  void take_many_parts() { take_many_parts(given_); }

  // `events`: kind and collection; the _ids are 0, 1, 2 ...
  struct Change {
    std::string kind;
    std::string coll;
  };
  void change(const std::vector<Change>& changes, const std::string& token) {
    std::string events;
    for (const auto& [kind, coll] : changes) {
      const std::string id = std::to_string(next_id_++);
      events += (events.empty() ? "" : ",") + event(token + id, kind, id, R"({"_id":)" + id + "}", coll);
    }
    given_.batch(events, token);
  }

  // "insert a 2, replace b 1": kind, collection and number of operations of each part.
  static std::string parts_of(const WriteBatch& write) {
    constexpr const char* kKinds[] = {"insert", "replace", "remove"};
    std::string text;
    size_t operations = 0;
    for (const WritePart& part : write.parts) {
      if (!text.empty()) text += ", ";
      text += std::string(kKinds[static_cast<size_t>(part.kind)]) + " " + part.ns.collection + " " +
              std::to_string(part.operations);
      operations += part.operations;
    }
    EXPECT_EQ(operations, write.operations.size());
    return text;
  }
  // The next write, which is acknowledged.
  std::string written() {
    const auto write = given_.take<output::Write>();
    given_.acknowledge(write);
    return parts_of(write);
  }
  void refuse_command(const WriteBatch& write, int code, Treatment treatment) {
    WriteOutcome outcome;
    outcome.failed = true;
    outcome.error.code = code;
    outcome.error.treatment = treatment;
    given_.give(input::WriteFinished{write.writer, write.id, outcome});
  }

  Harness given_;
  int next_id_ = 0;
};

TEST_F(EngineManyCollections, GoTogetherWhenThereAreMoreThanWriters) {
  take_many_parts();
  change({{"insert", "a"}, {"insert", "b"}, {"replace", "a"}, {"insert", "a"}}, "one");
  EXPECT_EQ(written(), "insert a 2, insert b 1, replace a 1");
  EXPECT_EQ(given_.engine().status().events_applied, 4u);
  EXPECT_FALSE(given_.has<output::Write>());
}

TEST_F(EngineManyCollections, GoOneByOneWhereTheTargetTakesNoMore) {
  change({{"insert", "a"}, {"insert", "b"}, {"replace", "a"}}, "one");
  EXPECT_EQ(written(), "insert a 1");
  EXPECT_EQ(written(), "insert b 1");
  EXPECT_EQ(written(), "replace a 1");
}

TEST_F(EngineManyCollections, WithEnoughForACommandGoAlone) {
  take_many_parts();
  change(std::vector<Change>(200, {"insert", "a"}), "one");
  const auto first = given_.take<output::Write>();
  change({{"insert", "b"}}, "two");
  change(std::vector<Change>(200, {"insert", "c"}), "three");
  change({{"insert", "d"}, {"insert", "e"}}, "four");
  given_.acknowledge(first);
  EXPECT_EQ(written(), "insert b 1") << "what has little does not wait for what has much";
  EXPECT_EQ(written(), "insert c 200");
  EXPECT_EQ(written(), "insert d 1, insert e 1");
}

TEST_F(EngineManyCollections, KeepToTheBytesOfACommandAndTheirTurn) {
  EngineOptions small = options(1);
  small.batch_bytes_max = 700;
  Harness given(small);
  given.start();
  take_many_parts(given);
  const std::string text = R"(,"t":")" + std::string(400, 'x') + "\"}";
  given.batch(event("a", "insert", "1", R"({"_id":1)" + text, "a") + "," +
                  event("b", "insert", "2", R"({"_id":2)" + text, "b") + "," +
                  event("c", "insert", "3", R"({"_id":3})", "c"),
              "c");
  EXPECT_EQ(parts_of(given.take<output::Write>()), "insert a 1")
      << "no room for b, and c does not overtake it";
}

// A command of many collections' first part alone goes again at once; the rest must not come back as large as
// it was.
TEST_F(EngineManyCollections, GoInSmallerCommandsToATargetThatIsTooSlowForThemTogether) {
  take_many_parts();
  const auto is_too_much = [](const WriteBatch& write) { return write.operations.size() > 2; };
  std::vector<Change> changes;
  for (const char* coll : {"a", "b", "c", "d", "e", "f", "g", "h"}) changes.push_back({"insert", coll});
  change(changes, "one");
  int too_much = 0;
  for (int commands = 0; commands < 20 && given_.engine().status().events_applied < 8; ++commands) {
    for (int waited = 0; waited < 1'200 && !given_.has<output::Write>(); ++waited) given_.pass_ms(100);
    const auto write = given_.take<output::Write>();
    if (!is_too_much(write)) {
      given_.acknowledge(write);
      continue;
    }
    ++too_much;
    given_.pass_ms(60'000);
    WriteOutcome outcome;
    outcome.failed = true;
    outcome.error = make_error(ErrorContext::write_command, kErrorNetwork, "", "socket error or timeout");
    given_.give(input::WriteFinished{write.writer, write.id, outcome});
  }
  EXPECT_EQ(given_.engine().status().events_applied, 8u);
  EXPECT_LE(too_much, 4);
}

TEST_F(EngineManyCollections, AreSettledOperationByOperation) {
  take_many_parts();
  change({{"insert", "a"}, {"insert", "b"}, {"insert", "c"}}, "one");
  given_.refuse(given_.take<output::Write>(), 1, Treatment::duplicate_id);
  EXPECT_EQ(written(), "replace b 1");
  EXPECT_EQ(given_.engine().status().events_applied, 3u);
}

TEST_F(EngineManyCollections, HaveTheirOwnDuplicatesWhichGoAsUpsertsSortedAmongTheReplacements) {
  take_many_parts();
  std::vector<Change> changes(3, {"insert", "a"});
  changes.insert(changes.end(), 40, {"insert", "b"});
  change(changes, "one");
  const auto write = given_.take<output::Write>();
  WriteOutcome outcome;
  Error error;
  error.code = 11000;
  error.treatment = Treatment::duplicate_id;
  outcome.operation_errors = {{0, error}, {1, error}, {2, error}};
  given_.give(input::WriteFinished{write.writer, write.id, outcome});
  EXPECT_EQ(written(), "replace a 3");

  change({{"insert", "other"}}, "two");
  const auto busy = given_.take<output::Write>();
  change({{"replace", "a"}}, "three");
  next_id_ = 1;
  change({{"insert", "a"}, {"insert", "b"}}, "four");
  given_.acknowledge(busy);
  const auto next = given_.take<output::Write>();
  EXPECT_EQ(parts_of(next), "replace a 2, insert b 1");
  EXPECT_EQ(to_extended_json(next.operations.at(0).id), R"({ "$numberInt" : "1" })");
  EXPECT_EQ(to_extended_json(next.operations.at(1).id), R"({ "$numberInt" : "44" })");
}

// The transaction number of a bulkWrite refuses nothing everywhere.
TEST_F(EngineManyCollections, OfAnUnknownOutcomeAreSuspectsAlsoWithAFence) {
  take_many_parts(given_, true);
  change({{"insert", "a"}}, "one");
  given_.fail(given_.take<output::Write>(), Treatment::retry, true);
  EXPECT_EQ(given_.engine().status().suspects, 0u);
  given_.pass_ms(5'000);
  change({{"insert", "b"}, {"insert", "c"}}, "two");
  given_.acknowledge(given_.take<output::Write>());
  given_.fail(given_.take<output::Write>(), Treatment::retry, true);
  EXPECT_EQ(given_.engine().status().suspects, 2u);
}

TEST_F(EngineManyCollections, AreWrittenOneByOneForGoodOnceTheTargetRefusesTheCommand) {
  take_many_parts();
  change({{"insert", "a"}, {"insert", "b"}, {"insert", "c"}}, "one");
  refuse_command(given_.take<output::Write>(), 59, Treatment::split);
  EXPECT_EQ(written(), "insert a 1");
  EXPECT_EQ(written(), "insert b 1");
  EXPECT_EQ(written(), "insert c 1");
  const auto notices = given_.take_all<output::Notice>();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(
      notices.front().text,
      "the target refuses a bulkWrite: [59, split] ; each collection is written with a command of its own "
      "from now on");
  change({{"insert", "a"}, {"insert", "b"}}, "two");
  EXPECT_EQ(written(), "insert a 1");
}

TEST_F(EngineManyCollections, GoTogetherAgainOnceTheTargetIsAnother) {
  take_many_parts();
  change({{"insert", "a"}, {"insert", "b"}}, "one");
  refuse_command(given_.take<output::Write>(), 40415, Treatment::split);
  take_many_parts();
  EXPECT_EQ(written(), "insert a 1");
  change({{"insert", "c"}}, "two");
  EXPECT_EQ(written(), "insert b 1");
  change({{"insert", "d"}}, "three");
  EXPECT_EQ(written(), "insert c 1");
}

// The one that stands still must not hold up the others.
TEST_F(EngineManyCollections, AreTriedAgainWithoutTheFirst) {
  Harness given(options(2));
  given.start();
  take_many_parts(given);
  given.batch(event("a", "insert", "1", R"({"_id":1})", "a") + "," +
                  event("b", "insert", "2", R"({"_id":2})", "b") + "," +
                  event("c", "insert", "3", R"({"_id":3})", "c"),
              "c");
  const auto all = given.take<output::Write>();
  EXPECT_EQ(parts_of(all), "insert a 1, insert b 1, insert c 1");
  given.fail(all, Treatment::retry, false);
  const auto others = given.take<output::Write>();
  EXPECT_EQ(parts_of(others), "insert b 1, insert c 1");
  EXPECT_NE(others.writer.value, all.writer.value);
  given.acknowledge(others);
  given.pass_ms(5'000);
  EXPECT_EQ(parts_of(given.take<output::Write>()), "insert a 1");
  EXPECT_EQ(given.engine().status().events_applied, 2u);
}

TEST_F(EngineManyCollections, OfWhichOneIsNotAllowedAreToldApart) {
  take_many_parts();
  change({{"insert", "a"}, {"insert", "b"}}, "one");
  refuse_command(given_.take<output::Write>(), 13, Treatment::fatal);
  EXPECT_EQ(written(), "insert a 1");
  refuse_command(given_.take<output::Write>(), 13, Treatment::fatal);
  given_.make_durable();
  const auto end = given_.take<output::Finished>();
  EXPECT_EQ(end.reason, output::StopReason::access_denied);
  EXPECT_EQ(end.text, "the target refuses writes to db.b: [13, fatal] ");
}

}  // namespace
}  // namespace ddsync::test
