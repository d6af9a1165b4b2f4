// config.example.yaml holds every key, explained, at its default; README.md names them all.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "support/config_file.h"

namespace ddsync::config {
namespace {

std::string file_of_project(const std::string& name) {
  std::ifstream file(std::string(DDSYNC_ROOT "/") + name);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void replace(std::string& text, std::string_view placeholder, std::string_view value) {
  const size_t at = text.find(placeholder);
  ASSERT_NE(at, std::string::npos) << placeholder;
  text.replace(at, placeholder.size(), value);
  ASSERT_EQ(text.find(placeholder), std::string::npos) << placeholder << " stands there twice";
}

std::string filled_in_example() {
  std::string text = file_of_project("config.example.yaml");
  replace(text, "<SOURCE_CONNECTION_STRING>", "mongodb://127.0.0.1:1");
  replace(text, "<TARGET_CONNECTION_STRING>", "mongodb://127.0.0.1:2");
  replace(text, "<database>.<collection>", "db.coll");
  return text;
}

struct Key {
  std::string name;  // "section.key"
  bool explained = false;
};

// Also those in comments: "  # uri_env: SOURCE_URI". A sentence of a comment has no "word:" at its beginning.
std::vector<Key> keys_of(const std::string& text) {
  std::vector<Key> keys;
  std::string section;
  std::string line;
  bool comment_above = false;
  for (std::istringstream lines(text); std::getline(lines, line);) {
    const size_t start = line.find_first_not_of(" #");
    const size_t colon = line.find(": ");
    const bool is_comment = line.find('#') != std::string::npos;
    const bool is_key = start != std::string::npos && colon != std::string::npos &&
                        line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", start) == colon;
    if (!is_comment && line.ends_with(':') && line.front() != ' ') {
      section = line.substr(0, line.size() - 1) + ".";
    } else if (is_key || (!is_comment && line.ends_with(':'))) {
      const std::string name = line.substr(start, line.find(':') - start);
      keys.push_back({line.front() == ' ' ? section + name : name, comment_above});
    }
    comment_above = is_comment && !is_key;
  }
  return keys;
}

TEST(Example, WithItsPlaceholdersFilledInLoadsToTheDefaults) {
  const test::ConfigFile example(filled_in_example());
  const test::ConfigFile least(test::good_with(""));
  auto loaded = example.load();
  auto defaults = least.load();
  ASSERT_TRUE(loaded) << test::problem_of(filled_in_example());
  ASSERT_TRUE(defaults);
  EXPECT_EQ(loaded->state_directory, example.folder());
  EXPECT_EQ(defaults->state_directory, least.folder());
  EXPECT_EQ(loaded->spool_directory, example.folder());
  EXPECT_EQ(defaults->spool_directory, least.folder());
  defaults->path = loaded->path;
  defaults->state_directory = loaded->state_directory;
  defaults->spool_directory = loaded->spool_directory;
  EXPECT_TRUE(*loaded == *defaults) << print(*loaded) << print(*defaults);
}

TEST(Example, HoldsEveryKeyOnce) {
  std::multiset<std::string> held;
  for (const Key& key : keys_of(file_of_project("config.example.yaml"))) held.insert(key.name);
  const auto known = known_settings();
  EXPECT_EQ(held, (std::multiset<std::string>(known.begin(), known.end())));
}

TEST(Example, ExplainsEveryKey) {
  for (const Key& key : keys_of(file_of_project("config.example.yaml"))) {
    EXPECT_TRUE(key.explained) << key.name << " has no comment above it";
  }
}

TEST(Example, AsItIsIsRefusedForItsThreePlaceholdersOnly) {
  EXPECT_EQ(test::problems_of(file_of_project("config.example.yaml")).size(), 3U);
}

TEST(Readme, NamesEveryKey) {
  const std::string readme = file_of_project("README.md");
  for (const std::string_view setting : known_settings()) {
    const std::string_view name =
        setting.find(".uri_") == std::string_view::npos ? setting : setting.substr(setting.find('.') + 1);
    EXPECT_NE(readme.find("`" + std::string(name) + "`"), std::string::npos) << setting;
  }
}

}  // namespace
}  // namespace ddsync::config
