// Text of unknown origin on one line.
#include "config/plain_text.h"

#include <gtest/gtest.h>

#include "engine/utf8.h"

namespace ddsync::config {
namespace {

TEST(Utf8, KnowsCharactersOfEveryLength) {
  EXPECT_EQ(utf8_length("a"), 1U);
  EXPECT_EQ(utf8_length("é!"), 2U);
  EXPECT_EQ(utf8_length("€"), 3U);
  EXPECT_EQ(utf8_length("\xF0\x9F\x98\x80"), 4U);
  EXPECT_EQ(utf8_length("\xF4\x8F\xBF\xBF"), 4U) << "U+10FFFF, the last one";
  EXPECT_EQ(utf8_length(std::string_view("\0", 1)), 1U);
}

TEST(Utf8, KnowsWhatIsNone) {
  EXPECT_EQ(utf8_length(""), 0U);
  for (const char* text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE2\x82", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(utf8_length(text), 0U) << testing::PrintToString(std::string(text));
  }
}

TEST(OneLine, LeavesTextAsItIs) { EXPECT_EQ(one_line("två \"ord\" \\ 😀"), "två \"ord\" \\ 😀"); }

TEST(OneLine, EscapesWhatBeginsALineOrCommandsATerminal) {
  EXPECT_EQ(one_line("a\nb\r\n\tc"), "a\\nb\\x0d\\n\\x09c");
  EXPECT_EQ(one_line("\x1b[2J\x7f"), "\\x1b[2J\\x7f");
  EXPECT_EQ(one_line("\xC2\x9B"
                     "2J"),
            "\\xc2\\x9b2J")
      << "the 8-bit form of ESC [";
  EXPECT_EQ(one_line(std::string_view("\0", 1)), "\\x00");
}

// Of the readers of a log some begin a line at U+2028, and show text in another order after U+202E.
TEST(OneLine, EscapesWhatReordersTextOrSeparatesLines) {
  EXPECT_EQ(one_line("a\u202eb"), "a\\xe2\\x80\\xaeb");
  for (const char* text :
       {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069"})
    EXPECT_TRUE(one_line(text).starts_with("\\x")) << one_line(text);
  for (const char* text : {"\u061b", "\u200d", "\u2010", "\u2027", "\u202f", "\u2065", "\u206a"})
    EXPECT_EQ(one_line(text), text) << "its neighbours";
}

TEST(OneLine, EscapesBytesThatAreNoUtf8) { EXPECT_EQ(one_line("caf\xE9 \xE2\x82!"), "caf\\xe9 \\xe2\\x82!"); }

TEST(Lower, ChangesAsciiLettersOnly) { EXPECT_EQ(lower("AbZ[@É"), "abz[@É"); }

TEST(Shortened, NeverCutsACharacter) {
  EXPECT_EQ(shortened("12345", 5), "12345");
  EXPECT_EQ(shortened("123456", 5), "12345...");
  EXPECT_EQ(shortened("1234é", 5), "1234...");
  EXPECT_EQ(shortened("1234😀", 7), "1234...");
}

}  // namespace
}  // namespace ddsync::config
