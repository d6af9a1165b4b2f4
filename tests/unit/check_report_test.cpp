// The findings of `documentdb-sync check` as text.
#include <gtest/gtest.h>

#include "check/report.h"
#include "check/wording.h"

namespace ddsync::check {
namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(CheckTable, HasARowAFindingAndTheRemedyBelowIt) {
  EXPECT_EQ(as_table({ok("source", "MongoDB 8.2"), problem("change streams", "refused", "grant find")}),
            "check           verdict  found\n"
            "source          ok       MongoDB 8.2\n"
            "change streams  problem  refused\n"
            "                         -> grant find\n"
            "\n"
            "1 problem, 0 warnings.\n");
}

TEST(CheckTable, EndsWithASentenceOnTheWhole) {
  EXPECT_TRUE(as_table({ok("a", "b")}).ends_with("\n\nAll is well.\n"));
  EXPECT_TRUE(as_table({ok("a", "b"), warning("a", "b", "c")}).ends_with("\n\nNo problem, 1 warning.\n"));
  EXPECT_TRUE(as_table({problem("a", "b", "c"), problem("a", "b", "c"), warning("a", "b", "c")})
                  .ends_with("\n\n2 problems, 1 warning.\n"));
}

TEST(CheckTable, BreaksLongTextAtBlanksAndLosesNothingOfIt) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "word" + std::to_string(i) + " ";
  text += std::string(300, 'x');
  const std::string table = as_table({ok("source", text)});
  for (size_t at = 0; at < table.size();) {
    const size_t end = table.find('\n', at);
    const std::string line = table.substr(at, end - at);
    EXPECT_TRUE(line.size() <= 115 || has(line, std::string(300, 'x'))) << line;
    at = end + 1;
  }
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(has(table, "word" + std::to_string(i))) << i;
}

TEST(CheckTable, ShowsNoSecretAndNothingThatCommandsTheTerminal) {
  const Findings findings = {
      problem("source", "mongodb://u:cAnArY@h/ \x1b[2J\nforged", "use mongodb://u:cAnArY@h/?x=1")};
  for (const std::string& text : {as_table(findings), as_json(findings)}) {
    EXPECT_FALSE(has(text, "cAnArY")) << text;
    EXPECT_FALSE(has(text, "\x1b")) << text;
    EXPECT_FALSE(has(text, "\nforged")) << text;
  }
}

TEST(CheckJson, HoldsTheWorstVerdictAndEveryRow) {
  EXPECT_EQ(as_json({ok("source", "a \"b\""), warning("clocks", "far", "NTP")}),
            R"({"verdict":"warning","checks":[)"
            R"({"check":"source","verdict":"ok","found":"a \"b\"","remedy":""},)"
            R"({"check":"clocks","verdict":"warning","found":"far","remedy":"NTP"}]})"
            "\n");
}

TEST(CheckVerdict, OfAllIsTheWorst) {
  EXPECT_EQ(worst({}), Verdict::ok);
  EXPECT_EQ(worst({ok("a", "")}), Verdict::ok);
  EXPECT_EQ(worst({warning("a", "", ""), ok("a", "")}), Verdict::warning);
  EXPECT_EQ(worst({problem("a", "", ""), warning("a", "", "")}), Verdict::problem);
}

TEST(SomeOf, NamesTenAndCountsTheRest) {
  EXPECT_EQ(some_of({}), "");
  EXPECT_EQ(some_of({"a", "b"}), "a, b");
  EXPECT_EQ(some_of({"a", "b"}, "; "), "a; b");
  EXPECT_EQ(some_of(std::vector<std::string>(12, "x")), "x, x, x, x, x, x, x, x, x, x and 2 more");
  EXPECT_EQ(some_of(std::vector<std::string>(10, "x")), "x, x, x, x, x, x, x, x, x, x");
}

}  // namespace
}  // namespace ddsync::check
