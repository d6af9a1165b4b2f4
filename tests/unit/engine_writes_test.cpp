// What is sent and what an answer settles. Whole histories with crashes: tests/sim.
#include "support/schema_events.h"

namespace ddsync::test {
namespace {

TEST(EngineWrites, AreNotSettledByAnErrorForAnOperationThatWasNotSent) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1"), "a");
  given.refuse(given.take<output::Write>(), 1, Treatment::permanent);
  EXPECT_EQ(given.engine().status().events_applied, 0U);
  EXPECT_EQ(given.engine().status().suspects, 1U) << "nobody knows what became of it";
  given.pass_ms(6'000);
  EXPECT_EQ(given.take<output::Write>().attempt, 2U);
}

TEST(EngineWrites, AreSettledByTheAnswerToTheirLastTryAlone) {
  Harness given(Harness::options());
  given.start();
  given.batch(insert("a", "1"), "a");
  const auto first = given.take<output::Write>();
  given.fail(first, Treatment::retry, false);
  given.pass_ms(6'000);
  const auto second = given.take<output::Write>();
  given.acknowledge(first);
  EXPECT_EQ(given.engine().status().events_applied, 0U);
  given.acknowledge(second);
  EXPECT_EQ(given.engine().status().events_applied, 1U);
}

TEST(EngineWrites, AreWithinTheTargetsLimits) {
  for (const bool by_bytes : {true, false}) {
    Harness given(Harness::options(1));
    given.start();
    TargetLimits limits;
    if (by_bytes) {
      limits.message_bytes_max = 1'000;
    } else {
      limits.operations_max = 4;
    }
    given.give(input::TargetReady{limits});
    given.batch(inserts(1, 40), "a");
    size_t sent = 0;
    while (given.has<output::Write>()) {
      const auto write = given.take<output::Write>();
      EXPECT_LE(write.operations.size(), by_bytes ? 10U : 4U);
      sent += write.operations.size();
      given.acknowledge(write);
    }
    EXPECT_EQ(sent, 40U);
  }
}

// Whose operations were settled one by one meanwhile.
TEST(EngineWrites, OfAWriterThatWasInDoubtBeforeAreNoSuspectsForIt) {
  Harness given(Harness::options(1));
  given.start();
  TargetLimits limits;
  limits.refuses_late_writes = true;
  given.give(input::TargetReady{limits});
  given.batch(insert("a", "1"), "a");
  given.fail(given.take<output::Write>(), Treatment::retry, true);
  given.pass_ms(6'000);
  given.refuse(given.take<output::Write>(), 0, Treatment::retry);
  given.pass_ms(6'000);
  given.fail(given.take<output::Write>(), Treatment::retry, false);
  given.give(input::Stop{});
  EXPECT_TRUE(settle_disk(given).suspects.empty());
}

// Servers keep the _id that they have stored when a document is replaced.
TEST(EngineWrites, RemoveFirstWhatMayHaveAnIdOfOtherBytes) {
  const std::string other_id =
      event("a", "replace", "5", R"({"_id":5.0})") + "," + replace("b", "5", R"(,"v":2)");
  const std::string removed =
      insert("a", "5") + "," + remove("b", "5.0") + "," + insert("c", "5.0", R"(,"v":2)");
  const std::string again =
      insert("a", "5") + "," + insert("b", "5.0") + "," + replace("c", "5.0", R"(,"v":2)");
  for (const std::string& events : {other_id, removed, again}) {
    Harness given(Harness::options(1));
    given.start();
    given.batch(insert("x", "9"), "x");
    const auto busy = given.take<output::Write>();
    given.batch(events, "c");
    given.acknowledge(busy);
    const auto removal = given.take<output::Write>();
    EXPECT_EQ(removal.parts.front().kind, WriteKind::remove) << events;
    given.acknowledge(removal);
    const auto insertion = given.take<output::Write>();
    EXPECT_EQ(insertion.parts.front().kind, WriteKind::insert);
    EXPECT_NE(Harness::json(insertion.operations[0].document).find("\"v\""), std::string::npos);
    given.acknowledge(insertion);
    EXPECT_EQ(given.engine().status().events_waiting, 0U);
  }
}

// ... and a removal is all there is to do in the end.
TEST(EngineWrites, OfARemovalInsertNothingAfterIt) {
  Harness given(Harness::options(1));
  given.start();
  given.batch(replace("b", "9", ""), "b");
  const auto busy = given.take<output::Write>();
  given.batch(insert("a", "5") + "," + insert("d", "5.0") + "," + remove("c", "5"), "c");
  given.acknowledge(busy);
  given.acknowledge(given.take<output::Write>());
  EXPECT_FALSE(given.has<output::Write>());
  EXPECT_EQ(given.engine().status().events_waiting, 0U);
}

TEST(EngineWrites, OfAnEventWhoseDocumentSpellsTheIdOtherwiseRemoveFirst) {
  Harness given(Harness::options(1));
  given.start();
  given.batch(event("a", "replace", "1", R"({"_id":1.0,"v":1})"), "a");
  EXPECT_EQ(given.take<output::Write>().parts.front().kind, WriteKind::remove);
}

}  // namespace
}  // namespace ddsync::test
