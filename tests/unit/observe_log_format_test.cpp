// One message, one line, whatever it holds.
#include <gtest/gtest.h>
#include <spdlog/details/log_msg.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "observe/log_format.h"

namespace ddsync::observe {
namespace {

using spdlog::level::level_enum;

// 2026-11-24T16:05:21.007Z
constexpr std::chrono::system_clock::time_point kTime{std::chrono::milliseconds(1'795'536'321'007)};

template <typename Formatter>
std::string formatted(std::string_view text, level_enum level = spdlog::level::info) {
  const spdlog::details::log_msg message(kTime, {}, "name", level, {text.data(), text.size()});
  spdlog::memory_buf_t line;
  Formatter().format(message, line);
  return {line.data(), line.size()};
}

TEST(TextLog, IsTimeLevelAndText) {
  EXPECT_EQ(formatted<TextFormatter>("a=1"), "2026-11-24T16:05:21.007Z INFO  a=1\n");
  EXPECT_EQ(formatted<TextFormatter>("a", spdlog::level::err), "2026-11-24T16:05:21.007Z ERROR a\n");
  EXPECT_EQ(formatted<TextFormatter>("a", spdlog::level::debug), "2026-11-24T16:05:21.007Z DEBUG a\n");
  EXPECT_EQ(formatted<TextFormatter>("a", spdlog::level::warn), "2026-11-24T16:05:21.007Z WARNING a\n");
}

TEST(TextLog, StaysOneLineAndCommandsNoTerminal) {
  EXPECT_EQ(formatted<TextFormatter>("a\n2026 ERROR forged\x1b[31m\xFF"),
            "2026-11-24T16:05:21.007Z INFO  a\\n2026 ERROR forged\\x1b[31m\\xff\n");
}

TEST(JsonLog, IsAnObjectOnALine) {
  EXPECT_EQ(formatted<JsonFormatter>("a=1"),
            "{\"time\":\"2026-11-24T16:05:21.007Z\",\"level\":\"INFO\",\"message\":\"a=1\"}\n");
  EXPECT_EQ(formatted<JsonFormatter>("a", spdlog::level::warn),
            "{\"time\":\"2026-11-24T16:05:21.007Z\",\"level\":\"WARNING\",\"message\":\"a\"}\n");
}

TEST(JsonLog, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(formatted<JsonFormatter>("\"q\" \\ \n\r\t\x1b\x7f/"),
            "{\"time\":\"2026-11-24T16:05:21.007Z\",\"level\":\"INFO\",\"message\":\"\\\"q\\\" \\\\ "
            "\\n\\r\\t\\u001b\\u007f/\"}\n");
}

// As the text log does; a reader of JSON gets them back.
TEST(JsonLog, EscapesWhatReordersTextOrSeparatesLines) {
  const std::string_view text = "é\u061c\u200e\u2028\u202e\u2069😀";
  const std::string json = formatted<JsonFormatter>(text);
  EXPECT_NE(json.find("\"message\":\"é\\u061c\\u200e\\u2028\\u202e\\u2069😀\"}"), std::string::npos) << json;
  EXPECT_EQ(nlohmann::json::parse(json)["message"], text);
}

// U+009B begins a terminal's command as ESC [ does.
TEST(JsonLog, EscapesControlCharactersOfEightBits) {
  const std::string_view text = "a\u0080\u009b31m\u009f\u00a0é";
  const std::string json = formatted<JsonFormatter>(text);
  EXPECT_NE(json.find("\"message\":\"a\\u0080\\u009b31m\\u009f\u00a0é\"}"), std::string::npos) << json;
  EXPECT_EQ(nlohmann::json::parse(json)["message"], text);
}

TEST(JsonLog, ReplacesBytesThatAreNoUtf8) {
  EXPECT_NE(formatted<JsonFormatter>("caf\xE9!").find("\"message\":\"caf\xEF\xBF\xBD!\""), std::string::npos);
}

TEST(Log, MasksCredentialsInBothForms) {
  const std::string_view text = "no answer of mongodb://u:cAnArY@h:1";
  EXPECT_NE(formatted<TextFormatter>(text).find("mongodb://***:***@h:1\n"), std::string::npos);
  EXPECT_NE(formatted<JsonFormatter>(text).find("mongodb://***:***@h:1\"}"), std::string::npos);
}

TEST(Log, IsOneLineOfJsonOrOfTextForAnyBytes) {
  std::mt19937 random(1);  // NOLINT: the same bytes each time
  for (int i = 0; i < 2'000; ++i) {
    std::string text(random() % 40, ' ');
    for (char& c : text) c = static_cast<char>(random() % 256);
    const std::string json = formatted<JsonFormatter>(text);
    EXPECT_EQ(json.find('\n'), json.size() - 1);
    EXPECT_TRUE(nlohmann::json::accept(json)) << testing::PrintToString(text);
    const std::string line = formatted<TextFormatter>(text);
    EXPECT_EQ(line.find_first_of("\n\r\x1b"), line.size() - 1);
  }
}

}  // namespace
}  // namespace ddsync::observe
