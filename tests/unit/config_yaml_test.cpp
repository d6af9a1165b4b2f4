// Files that are odd YAML, or none: understood as YAML says, or refused; never half read.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/text_file.h"
#include "support/config_file.h"

namespace ddsync::config {
namespace {

using test::good_with;
using test::problem_of;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Yaml, AByteOrderMarkAndWindowsLineEndsAreFine) {
  std::string text = "\xEF\xBB\xBF" + good_with("# a comment\napply:\n  writers: 3\n");
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2))
    text.insert(at, "\r");
  const auto config = test::ConfigFile(text).load();
  ASSERT_TRUE(config) << problem_of(text);
  EXPECT_EQ(config->writers, 3U);
  EXPECT_TRUE(problem_of(text + "oops: 1\r\n").starts_with("7: oops"));
}

TEST(Yaml, AnchorsAndTheirAliasesAreFine) {
  const auto config =
      test::ConfigFile(
          "source: {uri: &u 'mongodb://127.0.0.1:1'}\ntarget: {uri: 'mongodb://127.0.0.1:2'}\n"
          "watch: {collections: &c [a.b, c.d], exclude: []}\non_error: &s stop\n")
          .load();
  ASSERT_TRUE(config);
  EXPECT_EQ(config->watch.size(), 2U);
}

TEST(Yaml, AMergeKeyIsRefusedByName) {
  EXPECT_EQ(problem_of(good_with("apply: &a {writers: 3}\nmemory: {<<: *a}\n")),
            "5: << (a merge key) is not supported; write the keys out");
}

TEST(Yaml, AKeyGivenTwiceIsRefusedAtTheSecond) {
  EXPECT_EQ(problem_of(good_with("apply:\n  writers: 3\n  writers: 4\n")),
            "6: apply.writers is given twice; keep one of them");
  EXPECT_EQ(problem_of(good_with("on_error: stop\non_error: stop\n")),
            "5: on_error is given twice; keep one of them");
  EXPECT_EQ(problem_of(good_with("apply: {writers: 3}\napply: {fence: auto}\n")),
            "5: apply is given twice; keep one of them");
}

TEST(Yaml, WhatFollowsTheFirstDocumentIsRefusedAtItsLine) {
  const std::string told =
      "does not belong to the settings above; remove it, or the line '---' that begins a document";
  EXPECT_EQ(problem_of(good_with("---\non_error: quarantine\n")), "4: " + told);
  EXPECT_EQ(problem_of("{source: {uri: 'mongodb://a'}}\n{on_error: quarantine}\n"), "2: " + told);
  EXPECT_TRUE(test::ConfigFile("---\n" + good_with("...\n")).load());
}

// yaml-cpp 0.7 reads empty documents from it without end.
TEST(Yaml, ACommaAtTheBeginningEndsInAProblem) {
  EXPECT_NE(problem_of(",source: 1\n"), "");
  EXPECT_NE(problem_of(","), "");
}

TEST(Yaml, KeysThatAreNoTextAreRefused) {
  EXPECT_EQ(problem_of(good_with("? [a, b]\n: 1\n")), "4: a key must be plain text");
  EXPECT_EQ(problem_of(good_with("~: 1\n")), "4: a key must be plain text");
}

TEST(Yaml, ATabAsIndentationIsRefusedAtItsLine) {
  for (const char* more : {"apply:\n\twriters: 3\n", "apply:\n \twriters: 3\n", "#\n\tapply: {writers: 3}"})
    EXPECT_EQ(problem_of(good_with(more)), "5: is indented with a tab; YAML takes blanks only") << more;
  EXPECT_EQ(problem_of(good_with("apply:\n  writers: 3\n\tfence: auto\n")),
            "6: is indented with a tab; YAML takes blanks only");
}

TEST(Yaml, ATabElsewhereIsFine) {
  EXPECT_EQ(problem_of(good_with("apply:\t# of writers\n\t\n  writers:\t3\n")), "");
}

TEST(Yaml, AnEmptyEntryIsToldAtItsLine) {
  const std::string told = ": watch.exclude: an entry is empty or not plain text; correct or remove it";
  const std::string list = std::string(test::kServers) + "watch:\n  collections: [a.b]\n  exclude:\n";
  EXPECT_EQ(problem_of(list + "    - a.c\n    -\n    - a.d\n"), "7" + told);
  EXPECT_EQ(problem_of(list + "    - a.c\n    - \r\n"), "7" + told);
  EXPECT_EQ(problem_of(list + "    -  # none\n\n    # more\non_error: stop\n"), "6" + told);
  EXPECT_EQ(problem_of(list + "    # \xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\n    -\n    - a.c\n"),
            "7" + told);
  EXPECT_EQ(problem_of(list + "    -\n    -\n"), "6" + told + "\n7" + told);
  EXPECT_EQ(problem_of(list + "    - ~\n    - a.c\n"), "6" + told);
  EXPECT_EQ(problem_of(list + "    - a.c\n    - ''\n"), "7" + told);
  EXPECT_EQ(problem_of(list + "    - a.c\n    -"), "7" + told) << "the file ends there";
}

TEST(Yaml, BytesThatAreNotUtf8AreRefusedAtTheirLine) {
  EXPECT_EQ(problem_of(good_with("# caf\xE9\n")), "4: not UTF-8 text; save the file as UTF-8");
  EXPECT_EQ(problem_of("\xFF\xFEs\0o\0"), "1: not UTF-8 text; save the file as UTF-8");
}

// yaml-cpp takes 0x04 for the end of the file: what follows would be ignored in silence.
TEST(Yaml, ControlCharactersAreRefusedAtTheirLine) {
  EXPECT_EQ(problem_of(good_with("\x04\non_error: quarantine\n")), "4: holds a control character; remove it");
  EXPECT_EQ(problem_of(good_with("#\n") + std::string(1, '\0')), "5: holds a control character; remove it");
}

TEST(Yaml, AFileWithoutSettingsIsRefused) {
  const std::string told = "0: the file holds no settings; start from config.example.yaml";
  EXPECT_EQ(problem_of(""), told);
  EXPECT_EQ(problem_of(" \n\n# only a comment\n"), told);
  EXPECT_EQ(problem_of("---\n"), told);
  EXPECT_EQ(problem_of("just text\n"), told);
  EXPECT_EQ(problem_of("- a\n- list\n"), told);
}

TEST(Yaml, DeepNestingAndSelfReferenceEndInAProblemNotInACrash) {
  EXPECT_NE(problem_of(std::string(100'000, '[')), "");
  EXPECT_NE(problem_of(good_with("apply: " + std::string(100'000, '{'))), "");
  EXPECT_NE(problem_of(good_with("apply: &a {writers: *a}\n")), "");
  EXPECT_NE(problem_of(good_with("logging: &a\n  level: [*a, *a]\n")), "");
}

TEST(File, ThatIsTooLargeIsRefused) {
  EXPECT_TRUE(has(problem_of(good_with(std::string(kTextFileBytesMax, '#'))), "larger than 1 MiB"));
  EXPECT_TRUE(test::ConfigFile(good_with(std::string(kTextFileBytesMax / 2, '#'))).load());
  ASSERT_FALSE(load("/dev/zero"));
}

TEST(File, ThatIsMissingADirectoryOrUnreadableIsToldWithTheReason) {
  const test::ConfigFile file("");
  EXPECT_TRUE(has(load(file.folder() + "/none.yaml").error().at(0).text, "No such file or directory"));
  EXPECT_TRUE(has(load(file.folder()).error().at(0).text, "it is a directory"));
  EXPECT_TRUE(has(load(file.path() + "/x").error().at(0).text, "Not a directory"));
  EXPECT_TRUE(has(load("/proc/self/mem").error().at(0).text, "Input/output error"));
  ASSERT_EQ(::chmod(file.path().c_str(), 0), 0);
  if (::geteuid() == 0) GTEST_SKIP() << "root reads every file";
  EXPECT_TRUE(has(load(file.path()).error().at(0).text, "Permission denied"));
}

TEST(Yaml, TheParsersReasonIsToldWithoutWhatItQuotes) {
  EXPECT_EQ(problem_of("source:\n  uri: \"mongodb://u:\\qx@h\"\n"),
            "2: not valid YAML: unknown escape character; check indentation and quotes here and above");
}

// Whatever is cut off or damaged: a problem or a configuration, never a crash, and never a part of the
// password.
TEST(Yaml, NoDamageOfTheFileShowsAPartOfThePassword) {
  const std::string whole =
      "source:\n  uri: mongodb://u:cAnArY@127.0.0.1:1/?tls=true\ntarget:\n  uri: \"mongodb://u:cAnArY@h:2\"\n"
      "watch:\n  collections:\n    - a.b\n";
  const test::ConfigFile file("");
  const auto check = [&](const std::string& text) {
    file.write("config.yaml", text);
    for (const std::string& problem : file.problems())
      ASSERT_FALSE(has(problem, "cAnArY")) << text << problem;
  };
  for (size_t at = 0; at < whole.size(); ++at) {
    check(whole.substr(0, at));
    for (const char damage : std::string_view("\n\t:*&!\"'{}[]#%|>-,\xFF")) {
      std::string text = whole;
      text[at] = damage;
      check(text);
      text = whole;
      text.insert(at, 1, damage);
      check(text);
    }
  }
}

}  // namespace
}  // namespace ddsync::config
