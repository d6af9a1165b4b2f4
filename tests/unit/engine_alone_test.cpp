// A document that makes the target fail a whole command, of which the error does not say that it is the
// cause.
#include <algorithm>

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

  static void fail(Harness& given, const WriteBatch& write) {
    WriteOutcome outcome;
    outcome.failed = true;
    outcome.error =
        make_error(ErrorContext::write_command, 1, "", "An unexpected internal error has occurred.");
    given.give(input::WriteFinished{write.writer, write.id, std::move(outcome)});
  }
  // A target that fails every command with document 3; answers what was sent so far.
  void answer_all(Harness& given) {
    const auto writes = given.take_all<output::Write>();
    if (!writes.empty() && culprit_takes_ms_ > 0) given.pass_ms(culprit_takes_ms_);
    for (const auto& write : writes) {
      commands_ += 1;
      const bool holds_it = std::ranges::any_of(
          write.operations, [](const auto& operation) { return operation.id.as_int32() == 3; });
      if (holds_it || is_away_) {
        fail(given, write);
      } else {
        given.acknowledge(write);
      }
    }
    for (const auto& notice : given.take_all<output::Notice>()) {
      said_ += 1;
      told_alone_ += notice.text.find("does not say why") != std::string::npos ? 1 : 0;
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
  // Eight documents with the culprit, and enough changes of others behind them to tell that it is the cause.
  void write_for_long(Harness& given) {
    given.start();
    given.batch(inserts(1, 8), "eight");
    answer_with_changes_for(given, 18);
  }
  static uint64_t applied(Harness& given) { return given.engine().status().events_applied; }

  int commands_ = 0;
  int said_ = 0;
  int told_alone_ = 0;
  bool is_away_ = false;
  int64_t culprit_takes_ms_ = 0;
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
  write_for_long(given);
  const auto finished = given.take<output::Finished>();
  EXPECT_EQ(finished.reason, output::StopReason::refused_document);
  EXPECT_NE(finished.text.find("with _id { \"$numberInt\" : \"3\" }"), std::string::npos) << finished.text;
}

TEST_F(EngineAlone, ItIsSetAsideWhereThatIsWished) {
  Harness given(options(OnError::quarantine, 4));
  write_for_long(given);
  const auto quarantine = given.take<output::Quarantine>();
  ASSERT_EQ(quarantine.records.size(), 1u);
  given.give(input::QuarantineDurable{quarantine.id});
  EXPECT_EQ(given.engine().status().events_applied, 8u + 18u);
}

// Such a one says nothing of it, and what is behind it (a rename) must not wait for ever.
TEST_F(EngineAlone, ItIsRefusedInTheEndAlsoWhereNothingElseIsWritten) {
  Harness given(options(OnError::stop, 4));
  given.start();
  given.batch(insert("a", "1") + "," + insert("c", "3"), "c");
  answer_for(given, 3'000);
  EXPECT_FALSE(given.has<output::Finished>()) << "an outage is as likely";
  answer_for(given, 1'000);
  EXPECT_EQ(given.take<output::Finished>().reason, output::StopReason::refused_document);
}

TEST_F(EngineAlone, TheOthersDoNotWaitForOneThatTakesSeconds) {
  Harness given(options(OnError::stop, 1));
  given.start();
  culprit_takes_ms_ = 2'200;
  given.batch(insert("c", "3") + "," + inserts(4, 20), "twenty");
  answer_for(given, 60);
  given.batch(insert("later", "100"), "later");
  answer_for(given, 60);
  EXPECT_EQ(applied(given), 18u);
}

// Its end is uneven: some are taken while others fail.
TEST_F(EngineAlone, AnOutageRefusesNothingHoweverLongItWas) {
  Harness given(options(OnError::quarantine, 8));
  given.start();
  given.batch(inserts(100, 400), "all");
  answer_for(given, 5);
  given.batch(inserts(500, 800), "more");
  is_away_ = true;
  answer_for(given, 1'200);
  EXPECT_LT(said_, 200) << "of one outage";
  EXPECT_EQ(told_alone_, 0) << "others are not taken either";
  for (int tenths = 0; tenths < 100; ++tenths) {
    is_away_ = tenths % 10 >= tenths / 10;
    answer_all(given);
    given.make_all_durable();
    given.pass_ms(100);
  }
  is_away_ = false;
  for (int minutes = 0; minutes < 3; ++minutes) answer_for(given, 60);
  EXPECT_FALSE(given.has<output::Quarantine>());
  EXPECT_EQ(applied(given), 602u);
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
