// Nobody who logs waits for a reader; what is read comes in order, with the number of what is missing.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spdlog/details/log_msg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "observe/log_format.h"
#include "observe/log_sink.h"

namespace ddsync::observe {
namespace {

using Lines = std::vector<std::string>;

constexpr int kPipeBytes = 4096;
constexpr size_t kLineBytes = std::string_view("2026-11-24T16:05:21.007Z INFO  0\n").size();

// A sink that writes into a pipe, which takes a page.
class LogSinkTest : public testing::Test {
 protected:
  LogSinkTest() {
    EXPECT_EQ(::pipe(pipe_.data()), 0);
    EXPECT_GT(::fcntl(pipe_[1], F_SETPIPE_SZ, kPipeBytes), 0);
  }
  ~LogSinkTest() override {
    ::close(pipe_[0]);
    if (pipe_[1] >= 0) ::close(pipe_[1]);
  }

  static void log(LogSink& sink, std::string_view text,
                  spdlog::level::level_enum level = spdlog::level::info) {
    sink.log(spdlog::details::log_msg("", level, {text.data(), text.size()}));
  }

  // For one more line.
  bool pipe_is_full() const {
    int bytes = 0;
    EXPECT_EQ(::ioctl(pipe_[0], FIONREAD, &bytes), 0);
    return bytes + 2 * static_cast<int>(kLineBytes) > kPipeBytes;
  }

  // All that the sink writes until it is closed, without the times.
  Lines lines_of(LogSink& sink) {
    std::thread writer([&] {
      sink.write_until_closed();
      sink.write_waiting();  // another thread may be about to
      ::close(std::exchange(pipe_[1], -1));
    });
    sink.close();
    Lines lines(1);
    char c = 0;
    while (::read(pipe_[0], &c, 1) == 1) {
      if (c != '\n') lines.back() += c;
      if (c == '\n') lines.emplace_back();
    }
    writer.join();
    lines.pop_back();
    for (std::string& line : lines) line.erase(0, line.find(' ') + 1);
    return lines;
  }

  std::array<int, 2> pipe_{};
};

std::unique_ptr<spdlog::formatter> text_formatter() { return std::make_unique<TextFormatter>(); }

std::string dropped(int count) {
  return "WARNING lines of the log were dropped, nobody read it in time: " + std::to_string(count);
}

TEST_F(LogSinkTest, TakesLinesThoughTheirWriterIsStuckAndWritesThemInOrder) {
  LogSink sink(pipe_[1]);
  sink.set_formatter(text_formatter());
  Lines logged;
  const auto log_lines = [&](int count) {
    for (int n = 0; n < count; ++n) {
      logged.push_back("INFO  " + std::to_string(logged.size()));
      log(sink, std::to_string(logged.size() - 1));
    }
  };
  log_lines(500);
  std::thread stuck([&] { sink.write_waiting(); });
  while (!pipe_is_full()) std::this_thread::yield();
  log_lines(500);
  EXPECT_EQ(lines_of(sink), logged);
  stuck.join();
}

TEST_F(LogSinkTest, SaysOnceHowManyLinesItHadNoRoomForAndWhere) {
  LogSink sink(pipe_[1], 4 * kLineBytes);
  sink.set_formatter(text_formatter());
  for (const char* text : {"1", "2", "3", "4", "5", "6"}) log(sink, text);
  sink.write_waiting();
  log(sink, "7");
  EXPECT_EQ(lines_of(sink), (Lines{"INFO  1", "INFO  2", "INFO  3", "INFO  4", dropped(2), "INFO  7"}));
}

TEST_F(LogSinkTest, HasRoomLeftForErrorsAndForTheLastLine) {
  LogSink sink(pipe_[1], 2 * kLineBytes);
  sink.set_formatter(text_formatter());
  for (const char* text : {"1", "2", "3"}) log(sink, text);
  for (const char* text : {"4", "5", "6"}) log(sink, text, spdlog::level::err);
  sink.take_the_last();
  log(sink, "7");
  EXPECT_EQ(lines_of(sink),
            (Lines{"INFO  1", "INFO  2", dropped(1), "ERROR 4", "ERROR 5", dropped(1), "INFO  7"}));
}

TEST_F(LogSinkTest, WaitsForAPipeThatDoesNotBlock) {
  EXPECT_EQ(::fcntl(pipe_[1], F_SETFL, O_NONBLOCK), 0);
  LogSink sink(pipe_[1]);
  sink.set_formatter(text_formatter());
  const std::string longer_than_the_pipe(20'000, 'x');
  log(sink, longer_than_the_pipe);
  EXPECT_EQ(lines_of(sink), Lines{"INFO  " + longer_than_the_pipe});
}

TEST_F(LogSinkTest, ShowsTheNewestLiveLineBehindTheLinesAndErasesIt) {
  LogSink sink(pipe_[1]);
  sink.set_formatter(text_formatter());
  sink.show_live_line("old");
  sink.show_live_line("new");
  log(sink, "1");
  sink.write_waiting();
  log(sink, "2");
  sink.write_waiting();
  sink.show_live_line("newest");
  sink.write_waiting();
  sink.clear_live_line();
  sink.write_waiting();
  ::close(std::exchange(pipe_[1], -1));
  std::string written(200, '\0');
  written.resize(static_cast<size_t>(::read(pipe_[0], written.data(), written.size())));
  const std::string time = written.substr(0, written.find(' '));
  EXPECT_EQ(written.substr(time.size(), written.find('\n') - time.size()), " INFO  1");
  EXPECT_NE(written.find("\n\r\x1b[Knew\r\x1b[K2"), std::string::npos) << testing::PrintToString(written);
  EXPECT_EQ(written.substr(written.rfind('\n')), "\n\r\x1b[Knewest\r\x1b[K");
}

TEST(LogQueue, TakesLinesAgainWhenHalfOfThemAreWritten) {
  LogQueue queue(4);
  for (const char* line : {"1", "2", "3", "4", "dropped"}) queue.add(line, LogRoom::ordinary);
  EXPECT_EQ(std::get<std::string>(*queue.take()), "1");
  queue.add("6", LogRoom::ordinary);  // dropped, too
  EXPECT_EQ(std::get<std::string>(*queue.take()), "2");
  queue.add("7", LogRoom::ordinary);
  EXPECT_EQ(std::get<std::string>(*queue.take()), "3");
  EXPECT_EQ(std::get<std::string>(*queue.take()), "4");
  EXPECT_EQ(std::get<DroppedLines>(*queue.take()).count, 2);
  EXPECT_EQ(std::get<std::string>(*queue.take()), "7");
  EXPECT_FALSE(queue.take());
}

}  // namespace
}  // namespace ddsync::observe
