// What has to be settled although the stream never falls idle: it is busy with other collections.
#include "engine/engine.h"
#include "support/engine_harness.h"

namespace ddsync::test {
namespace {

EngineOptions one_stream() {
  EngineOptions options = Harness::options();
  options.streams = {{ScopeLevel::database, {"db", ""}}};
  options.filter = NamespaceFilter({{"db", ""}}, {});
  return options;
}

EngineOptions two_streams() {
  EngineOptions options = Harness::options();
  options.streams = {{ScopeLevel::collection, {"db", "coll"}}, {ScopeLevel::collection, {"db", "other"}}};
  const StreamPosition old = {PositionKind::resume_after, Harness::token_of("old"), 0};
  options.resume_from.streams = {{"db.coll", old, ""}, {"db.other", old, ""}};
  options.resume_from.clean_end = true;
  return options;
}

class BusyStream : public ::testing::Test {
 protected:
  // One change of `coll` each half second; its write is acknowledged, all others are kept back or answered by
  // `answer`.
  template <typename Answer>
  void busy(Harness& given, int seconds, const std::string& coll, uint32_t stream, Answer answer) {
    for (int i = 0; i < 2 * seconds && !given.engine().finished(); ++i) {
      given.pass_ms(500);
      const std::string name = "busy" + std::to_string(++number_);
      const std::string id = std::to_string(number_);
      given.batch(event(name, "insert", id, R"({"_id":)" + id + "}", coll), name, stream);
      for (const WriteBatch& write : given.take_all<output::Write>()) {
        if (write.operations[0].id.as_int32() >= kFirstBusyId) {
          given.acknowledge(write);
        } else {
          answer(write);
        }
      }
      given.make_all_durable();
    }
  }

  static constexpr int kFirstBusyId = 1'000;
  int number_ = kFirstBusyId;
};

// db.coll's document 1 is refused for a value that another document holds, again and again.
class BusyStreamUnique : public BusyStream {
 protected:
  void refused_once(Harness& given) {
    given.start();
    given.batch(replace("a", "1", R"(,"u":1)"), "a");
    given.refuse(given.take<output::Write>(), 0, Treatment::duplicate_other);
  }
  void busy_for(Harness& given, int seconds, const std::string& coll) {
    busy(given, seconds, coll, 0,
         [&](const WriteBatch& write) { given.refuse(write, 0, Treatment::duplicate_other); });
  }
};

TEST_F(BusyStreamUnique, ADuplicateIsPermanentWhenItsNamespaceIsQuietAndTheStreamGoesOn) {
  Harness given(one_stream());
  refused_once(given);
  busy_for(given, 8, "other");
  EXPECT_FALSE(given.engine().finished()) << "what frees the value may be on its way";
  busy_for(given, 8, "other");
  ASSERT_TRUE(given.engine().finished());
  EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::refused_document);
}

TEST_F(BusyStreamUnique, ADuplicateWaitsWhileItsNamespaceMoves) {
  Harness given(one_stream());
  refused_once(given);
  busy_for(given, 40, "coll");
  EXPECT_FALSE(given.engine().finished());
  EXPECT_EQ(given.engine().status().events_waiting, 1U);
}

TEST_F(BusyStreamUnique, ADuplicateWaitsForAStreamThatMayBeBehind) {
  EngineOptions options = one_stream();
  options.memory_bytes_max = 4'000;  // a single event a read: each read brings all it was asked for
  Harness given(options);
  refused_once(given);
  busy_for(given, 40, "other");
  EXPECT_FALSE(given.engine().finished());
}

TEST_F(BusyStreamUnique, APauseOfTheStreamDoesNotCountAsQuiet) {
  Harness given(one_stream());
  refused_once(given);
  busy_for(given, 4, "other");
  given.pass_ms(60'000);
  busy_for(given, 4, "other");
  EXPECT_FALSE(given.engine().finished());
}

TEST_F(BusyStreamUnique, ARingOfValuesIsOpenedThoughItsNamespaceMoves) {
  Harness given(one_stream());
  given.start();
  given.batch(replace("a", "1", R"(,"u":2)") + "," + replace("b", "2", R"(,"u":1)"), "b");
  const auto refuse_all = [&](const WriteBatch& write) {
    WriteOutcome outcome;
    Error error;
    error.code = 11000;
    error.treatment = Treatment::duplicate_other;
    for (uint32_t i = 0; i < write.operations.size(); ++i) outcome.operation_errors.push_back({i, error});
    given.give(input::WriteFinished{write.writer, write.id, outcome});
  };
  refuse_all(given.take<output::Write>());
  bool removed = false;
  busy(given, 20, "coll", 0, [&](const WriteBatch& write) {
    removed = removed || write.parts.front().kind == WriteKind::remove;
    if (removed) {
      given.acknowledge(write);
    } else {
      refuse_all(write);
    }
  });
  EXPECT_TRUE(removed);
  EXPECT_EQ(given.engine().status().operations_set_aside, 0U);
  EXPECT_EQ(given.engine().status().streams[0].waiting_since, Instant{});
}

TEST_F(BusyStream, ADocumentThatNoEventToldOfIsRepaired) {
  Harness given(one_stream());
  given.start();
  given.batch(event("a", "update", "1", "null"), "a");
  given.batch("", "b");  // nothing follows: it is compared
  EXPECT_EQ(given.engine().status().suspects, 1U);
  int repairs = 0;
  bool equal = false;
  for (int second = 0; second < 30; ++second) {
    busy(given, 1, "other", 0, [&](const WriteBatch& write) {
      ++repairs;
      equal = true;
      given.acknowledge(write);
    });
    for (const auto& compare : given.take_all<output::Compare>()) {
      input::ComparedKey found{equal, {}};
      if (!equal) found.source_document = *from_extended_json(R"({"_id":1,"v":9})");
      given.give(input::Compared{compare.id, {found}, {}});
    }
  }
  EXPECT_EQ(repairs, 1);
  EXPECT_EQ(given.engine().status().suspects, 0U);
}

TEST_F(BusyStream, ARenameThatItIsNotToldOfRunsWhenItHasPassedIt) {
  Harness given(two_streams());
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  given.give(input::StreamOpened{{1}, {}});
  given.make_all_durable();
  const std::string rename = rename_to_other();
  given.batch(rename, "r", 0);
  given.make_all_durable();
  busy(given, 8, "other", 1, [](const WriteBatch&) {});
  EXPECT_FALSE(given.has<output::ChangeSchema>()) << "it may still bring its own event of the rename";
  busy(given, 8, "other", 1, [](const WriteBatch&) {});
  EXPECT_EQ(given.take<output::ChangeSchema>().kind, SchemaChangeKind::rename);
  EXPECT_EQ(given.engine().status().unproven_namespaces, 1U) << "it has brought changes of after the rename";
}

TEST_F(BusyStream, TheRepetitionAfterAKillEndsWhenItKeepsUp) {
  EngineOptions options = two_streams();
  options.streams.pop_back();
  options.resume_from.clean_end = false;
  Harness given(options);
  given.give(input::TargetReady{});
  given.give(input::StreamOpened{{0}, {}});
  busy(given, 12, "coll", 0, [](const WriteBatch&) {});
  const uint64_t suspects = given.engine().status().suspects;
  EXPECT_GT(suspects, 0U);
  busy(given, 12, "coll", 0, [](const WriteBatch&) {});
  EXPECT_LE(given.engine().status().suspects, suspects + 1);
}

}  // namespace
}  // namespace ddsync::test
