// A document that makes the target fail a whole command, of which the error does not say that it is the
// cause.
#include "support/engine_harness.h"

namespace ddsync::test {
namespace {

class EngineAlone : public testing::Test {
 protected:
  static EngineOptions options(OnError on_error, uint32_t writers) {
    EngineOptions options = Harness::options(writers);
    options.on_error = on_error;
    return options;
  }

  // A target that fails every command with document 3; answers what was sent so far.
  void answer_all(Harness& given) {
    for (const auto& write : given.take_all<output::Write>()) {
      commands_ += 1;
      bool holds_it = false;
      for (const auto& operation : write.operations) holds_it |= operation.id.as_int32() == 3;
      if (!holds_it) {
        given.acknowledge(write);
        continue;
      }
      WriteOutcome outcome;
      outcome.failed = true;
      outcome.error =
          make_error(ErrorContext::write_command, 1, "", "An unexpected internal error has occurred.");
      given.give(input::WriteFinished{write.writer, write.id, std::move(outcome)});
    }
  }
  void answer_for(Harness& given, int seconds) {
    for (int tenths = 0; tenths < 10 * seconds; ++tenths) {
      answer_all(given);
      given.make_all_durable();
      given.pass_ms(100);
      while (given.has<output::ReadStream>()) given.take<output::ReadStream>();
    }
  }
  // The source goes on: a change every minute.
  void answer_with_changes_for(Harness& given, int minutes) {
    for (int minute = 0; minute < minutes; ++minute) {
      const std::string id = std::to_string(100 + minute);
      given.batch(insert("m" + id, id), "m" + id);
      answer_for(given, 60);
    }
  }
  static uint64_t applied(Harness& given) { return given.engine().status().events_applied; }

  int commands_ = 0;
};

TEST_F(EngineAlone, TheOthersDoNotWaitForIt) {
  for (const uint32_t writers : {1u, 4u}) {
    Harness given(options(OnError::stop, writers));
    commands_ = 0;
    given.start();
    given.batch(inserts(1, 8), "eight");
    answer_for(given, 60);
    EXPECT_EQ(applied(given), 7u);
    EXPECT_LT(commands_, 60) << "growing pauses";
    answer_with_changes_for(given, 10);
    EXPECT_EQ(applied(given), 17u) << "nor do later ones";
    EXPECT_FALSE(given.has<output::Finished>()) << "it may be an outage of a part of the target";
  }
}

TEST_F(EngineAlone, ItIsRefusedOnceOthersWereTakenForLong) {
  Harness given(options(OnError::stop, 4));
  given.start();
  given.batch(inserts(1, 8), "eight");
  answer_with_changes_for(given, 18);
  const auto finished = given.take<output::Finished>();
  EXPECT_EQ(finished.reason, output::StopReason::refused_document);
  EXPECT_NE(finished.text.find("with _id { \"$numberInt\" : \"3\" }"), std::string::npos) << finished.text;
}

TEST_F(EngineAlone, ItIsSetAsideWhereThatIsWished) {
  Harness given(options(OnError::quarantine, 4));
  given.start();
  given.batch(inserts(1, 8), "eight");
  answer_with_changes_for(given, 18);
  const auto quarantine = given.take<output::Quarantine>();
  ASSERT_EQ(quarantine.records.size(), 1u);
  given.give(input::QuarantineDurable{quarantine.id});
  EXPECT_EQ(given.engine().status().events_applied, 8u + 18u);
}

TEST_F(EngineAlone, AnOutageOfTheWholeTargetRefusesNothing) {
  Harness given(options(OnError::quarantine, 4));
  given.start();
  given.batch(insert("only", "3"), "only");
  answer_for(given, 3'000);
  EXPECT_FALSE(given.has<output::Quarantine>());
  EXPECT_EQ(given.engine().status().events_waiting, 1u);
}

}  // namespace
}  // namespace ddsync::test
