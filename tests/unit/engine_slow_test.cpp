// Source and target are healthy but slow: whatever is asked for must in the end fit into the time there is.
#include "observe/progress_watch.h"
#include "support/engine_harness.h"

namespace ddsync::test {
namespace {

constexpr int64_t kTimeout_ms = 60'000;

Error timed_out(ErrorContext context = ErrorContext::find) {
  return make_error(context, kErrorNetwork, "", "socket error or timeout");
}

EngineOptions copying(uint32_t writers) {
  EngineOptions options = Harness::options(writers);
  options.streams = {{ScopeLevel::database, {"db", ""}}};
  options.filter = NamespaceFilter({{"db", ""}}, {});
  options.copy.mode = CopyMode::automatic;
  options.copy.readers = 1;
  return options;
}

void begin_copy(Harness& given, const std::vector<std::string>& names) {
  given.give(input::TargetReady{});
  given.take<output::OpenStream>();
  given.give(input::StreamOpened{{0}, {PositionKind::resume_after, Harness::token_of("start"), 0}});
  given.make_durable();
  input::CopyPlanned planned{given.take<output::PlanCopy>().id, {}, std::nullopt};
  for (const std::string& name : names) {
    PlannedCollection one;
    one.ns = {"db", name};
    one.documents = 4;
    one.ranges = {{one.ns, 0, {}, {}}};
    planned.collections.push_back(std::move(one));
  }
  given.give(std::move(planned));
  given.make_durable();
  for (size_t i = 0; i < names.size(); ++i) {
    const auto prepare = given.take<SchemaChange>();
    given.give(input::SchemaChanged{prepare.writer, prepare.id, std::nullopt});
  }
}

void bring(Harness& given, const output::ReadRange& read, bool done) {
  given.give(input::RangeBatch{read.reader, read.range, raw_batch(R"({"_id":1})", "{}"), done});
}

output::ReadRange time_out(Harness& given, const output::ReadRange& read) {
  given.pass_ms(kTimeout_ms);
  given.give(input::RangeFailed{read.reader, read.range, timed_out()});
  given.pass_ms(kTimeout_ms);  // its pause
  return given.take<output::ReadRange>();
}

TEST(EngineSlow, AReadOfACopyThatIsNotAnsweredInTimeAsksForLess) {
  Harness given(copying(2));
  begin_copy(given, {"a"});
  auto read = given.take<output::ReadRange>();
  const uint32_t at_first = read.documents_max;
  for (int tries = 0; tries < 10; ++tries) read = time_out(given, read);
  EXPECT_EQ(read.documents_max, 1u) << at_first;
  bring(given, read, false);
  given.acknowledge(given.take<output::Write>());
  EXPECT_EQ(given.take<output::ReadRange>().documents_max, 2u) << "and for more again when one is answered";
}

TEST(EngineSlow, AReadOfACopyThatIsTooMuchForTheServersMemoryAsksForLess) {
  Harness given(copying(2));
  begin_copy(given, {"a"});
  const auto read = given.take<output::ReadRange>();
  given.give(input::RangeFailed{read.reader, read.range, make_error(ErrorContext::find, 146, "", "memory")});
  given.pass_ms(kTimeout_ms);
  EXPECT_EQ(given.take<output::ReadRange>().documents_max, read.documents_max / 2);
}

output::ReadStream next_read(Harness& given, bool writes = true) {
  for (int i = 0; i < 20 && !given.has<output::ReadStream>(); ++i) given.pass_ms(100);
  for (int i = 0; i < 2; ++i) {
    while (writes && given.has<output::Write>()) given.acknowledge(given.take<output::Write>());
    given.make_all_durable();
  }
  return given.take<output::ReadStream>();
}

TEST(EngineSlow, AReadOfAStreamThatIsNotAnsweredInTimeAsksForLessAndCountsAsNoAnswer) {
  Harness given(Harness::options());
  given.start();
  int id = 1;
  output::ReadStream read{.stream = {0}, .events_max = 1};
  while (read.events_max < 500) {  // it learns that events are small
    const int behind = id + static_cast<int>(read.events_max);
    given.batch(inserts(id, behind - 1), "p" + std::to_string(id));
    id = behind;
    read = next_read(given);
  }
  const uint32_t before = read.events_max;
  observe::ProgressWatch watch;
  std::string said;
  for (int tries = 0; tries < 4; ++tries) {
    given.pass_ms(kTimeout_ms);
    given.give(input::StreamFailed{{0}, timed_out(ErrorContext::stream_read)});
    for (int i = 0; i < 700 && !given.has<output::OpenStream>(); ++i) given.pass_ms(100);
    given.take<output::OpenStream>();
    given.give(input::StreamOpened{{0}, {}});
    given.make_all_durable();
    said += watch.look(given.engine().status());
    read = given.take<output::ReadStream>();
  }
  EXPECT_EQ(read.events_max, before / 16);
  EXPECT_NE(said.find("nothing has come from the source for"), std::string::npos) << said;
}

EngineOptions with_suspects(int count) {
  EngineOptions options = Harness::options();
  for (int i = 0; i < count; ++i) {
    const auto wrapped = from_extended_json("{\"_id\":" + std::to_string(i) + "}");
    options.resume_from.suspects.push_back({{"db", "coll"}, OwnedValue(find_value(wrapped->view(), "_id"))});
  }
  return options;
}

output::Compare next_comparison(Harness& given) {
  for (int i = 0; i < 700 && !given.has<output::Compare>(); ++i) given.pass_ms(100);
  return given.take<output::Compare>();
}

// The sizes of so many comparisons, each of which finds documents of `bytes` on each side that are equal.
std::vector<size_t> compare_equal(Harness& given, uint64_t bytes, int times) {
  std::vector<size_t> sizes;
  for (int i = 0; i < times; ++i) {
    const auto compare = next_comparison(given);
    const size_t size = sizes.emplace_back(compare.ids.size());
    given.give(
        input::Compared{compare.id, std::vector<input::ComparedKey>(size, {true, {}}), {}, 2 * size * bytes});
  }
  return sizes;
}

void begin_with_suspects(Harness& given) {
  given.give(input::TargetReady{});
  given.make_all_durable();
  given.give(input::StreamOpened{{0}, {PositionKind::resume_after, Harness::token_of("start"), 0}});
  given.make_all_durable();
  given.batch("", "p");
  given.make_all_durable();
}

TEST(EngineSlow, AComparisonThatIsNotAnsweredInTimeAsksForLess) {
  Harness given(with_suspects(2'000));
  begin_with_suspects(given);
  const size_t most = compare_equal(given, 100, 8).back();
  size_t last = most;
  for (int tries = 0; tries < 3; ++tries) {
    const auto compare = next_comparison(given);
    last = compare.ids.size();
    given.pass_ms(kTimeout_ms);
    given.give(input::Compared{compare.id, {}, timed_out(), 0});
  }
  EXPECT_EQ(last, most / 4);
}

TEST(EngineSlow, AComparisonOfLargeDocumentsStaysSmallAlsoWhereTheyAreEqual) {
  Harness given(with_suspects(2'000));
  begin_with_suspects(given);
  const uint64_t bytes = 1u << 20;
  for (const size_t size : compare_equal(given, bytes, 12))
    EXPECT_LE(2 * size * bytes, Harness::options().memory_bytes_max / 4);
}

EngineOptions of_hundreds(uint32_t writers) {
  EngineOptions options = Harness::options(writers);
  options.batch_operations_max = 100;
  return options;
}

void begin_with_backlog(Harness& given) {
  given.start();
  given.batch(inserts(1, 2'000), "p");
  given.make_all_durable();
}

TEST(EngineSlow, CommandsGrowAgainAtATargetWhoseEveryAnswerTakesSeconds) {
  Harness given(of_hundreds(1));
  begin_with_backlog(given);
  for (int tries = 0; tries < 5; ++tries) {
    const auto write = given.take<output::Write>();
    given.pass_ms(kTimeout_ms);
    given.fail(write, Treatment::retry, true);
    given.pass_ms(kTimeout_ms);
  }
  size_t last = 0;
  for (int commands = 0; commands < 60 && given.has<output::Write>(); ++commands) {
    const auto write = given.take<output::Write>();
    last = std::max(last, write.operations.size());
    given.pass_ms(3'000);
    given.acknowledge(write);
    given.make_all_durable();
  }
  EXPECT_EQ(last, 100u);
}

TEST(EngineSlow, CommandsGrowAgainLongAfterAConnectionThatWasCut) {
  Harness given(of_hundreds(1));
  begin_with_backlog(given);
  const auto cut = given.take<output::Write>();
  given.pass_ms(2'100);
  given.fail(cut, Treatment::retry, true);
  size_t last = 0;
  for (int minutes = 0; minutes < 20; ++minutes) {
    given.pass_ms(57'900);
    const auto write = given.take<output::Write>();
    last = write.operations.size();
    EXPECT_TRUE(last <= 50 || minutes >= 8) << "answers take more than a quarter of what was too long";
    given.pass_ms(2'000);
    given.acknowledge(write);
    given.make_all_durable();
  }
  EXPECT_GT(last, 80u);
}

TEST(EngineSlow, AnOutageThatCutsOffAllWritersSlowsThemDownOnce) {
  Harness given(of_hundreds(4));
  begin_with_backlog(given);
  const auto writes = given.take_all<output::Write>();
  ASSERT_EQ(writes.size(), 4u);
  given.pass_ms(kTimeout_ms);
  for (const auto& write : writes) given.fail(write, Treatment::retry, true);
  given.pass_ms(kTimeout_ms);
  for (const auto& write : given.take_all<output::Write>()) {
    EXPECT_EQ(write.operations.size(), 50u);
    given.acknowledge(write);
  }
  EXPECT_EQ(given.take<output::Write>().operations.size(), 25u) << "half of the rest of its batch";
}

// Of `documents`, one for each writer, how many are applied within an hour over a line that the writers share
// evenly, where each alone would take `alone_s`; who is not answered within the timeout is cut off.
size_t applied_over_a_line(uint32_t documents, double alone_s) {
  Harness given(Harness::options(documents));
  given.start();
  for (uint32_t i = 0; i < documents; ++i) {
    given.batch(insert("t" + std::to_string(i), std::to_string(i)), "p" + std::to_string(i));
    next_read(given, false);
  }
  struct OnTheLine {
    WriteBatch write;
    double left_s;
    int64_t since_us;
  };
  std::vector<OnTheLine> line;
  size_t applied = 0;
  for (int step = 0; step < 7'200 && applied < documents; ++step) {
    given.make_all_durable();
    for (auto& write : given.take_all<output::Write>())
      line.push_back({std::move(write), alone_s, given.now_us_});
    given.pass_ms(500);
    const double share = 0.5 / static_cast<double>(std::max<size_t>(1, line.size()));
    std::erase_if(line, [&](OnTheLine& one) {
      one.left_s -= share;
      if (one.left_s <= 0) {
        applied += one.write.operations.size();
        given.acknowledge(one.write);
        return true;
      }
      if (given.now_us_ - one.since_us < kTimeout_ms * 1'000) return false;
      given.fail(one.write, Treatment::retry, true);
      return true;
    });
  }
  return applied;
}

// Begun again in step they would be cut off together for ever.
TEST(EngineSlow, LargeDocumentsPassASlowLineOneAfterTheOther) { EXPECT_EQ(applied_over_a_line(8, 12.0), 8u); }

TEST(EngineSlow, IndexesThatTakeHoursLeaveWritersToTheDocuments) {
  Harness given(copying(4));
  begin_copy(given, {"a", "b", "c", "d", "e"});
  for (int i = 0; i < 4; ++i) {  // all but one are copied whole
    bring(given, given.take<output::ReadRange>(), true);
    given.acknowledge(given.take<output::Write>());
  }
  given.pass_ms(1'000);
  const auto builds = given.take_all<SchemaChange>();
  EXPECT_EQ(builds.size(), 3u);
  bring(given, given.take<output::ReadRange>(), true);
  EXPECT_TRUE(given.has<output::Write>()) << "a document waits for the indexes of other collections";
  given.acknowledge(given.take<output::Write>());
  for (const SchemaChange& build : builds)
    given.give(input::SchemaChanged{build.writer, build.id, std::nullopt});
  EXPECT_EQ(given.take_all<SchemaChange>().size(), 2u) << "then the others are built";
}

}  // namespace
}  // namespace ddsync::test
