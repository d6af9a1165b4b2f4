// --print-config: what is in force, as YAML that loads to the same, secrets masked.
#include <gtest/gtest.h>

#include "config/config.h"
#include "support/config_file.h"

namespace ddsync::config {
namespace {

Config loaded(const test::ConfigFile& file) {
  auto config = file.load();
  EXPECT_TRUE(config) << testing::PrintToString(file.problems());
  return config.value_or(Config{});
}

// What `config` prints, loaded again.
Config printed_and_loaded(const Config& config) {
  Config again = loaded(test::ConfigFile(print(config)));
  again.path = config.path;
  return again;
}

TEST(Print, OfTheDefaultsLoadsToTheDefaults) {
  const Config config = loaded(test::ConfigFile(test::good_with("")));
  EXPECT_TRUE(printed_and_loaded(config) == config) << print(config);
}

TEST(Print, OfOtherValuesLoadsToTheSame) {
  const Config config = loaded(test::ConfigFile(
      std::string(test::kServers) +
      "watch: {collections: ['*', 'null.true', \"db.x: y # 'z'\"], exclude: ['a.*', 'b.två'], scope: "
      "cluster}\n"
      "state: {directory: \"/var/a b: # 'c'\", persist_interval: 7}\n"
      "initial_sync: {mode: always, target_not_empty: drop, readers: 5, writers: 6, max_bytes_per_second: "
      "1000001}\n"
      "schema: {unsupported: warn}\nindexes: off\nspool: {limit: 0, directory: '/var/#spool'}\n"
      "apply: {writers: 3, fence: compare, late_write_max: 11}\non_error: quarantine\n"
      "memory: {limit: 16777217}\nlogging: {level: ERROR, format: json, status_interval: 0}\n"));
  EXPECT_TRUE(printed_and_loaded(config) == config) << print(config);
}

TEST(Print, ShowsEverySettingButTheWaysToGiveAUri) {
  const std::string text = print(loaded(test::ConfigFile(test::good_with(""))));
  for (const std::string_view setting : known_settings()) {
    if (setting.find(".uri_") != std::string_view::npos) continue;
    const std::string key = std::string(setting.substr(setting.find('.') + 1)) + ":";
    EXPECT_NE(text.find(key), std::string::npos) << setting << " in\n" << text;
  }
}

TEST(Print, EscapesWhatReordersTextOrSeparatesLines) {
  const std::string names = "watch: {collections: ['db.a\u202eb', 'db.\u2028c', 'db.\u2069', 'db.två']}\n";
  const Config config =
      loaded(test::ConfigFile(std::string(test::kServers) + names + "state: {directory: '/var/\u200f'}\n"));
  const std::string text = print(config);
  for (const char* mark : {"\u202e", "\u2028", "\u2069", "\u200f"})
    EXPECT_EQ(text.find(mark), std::string::npos);
  EXPECT_NE(text.find("db.två"), std::string::npos) << "other letters stay";
  EXPECT_TRUE(printed_and_loaded(config) == config) << text;
}

TEST(Print, MasksBothConnectionStrings) {
  Config config;
  config.source_uri = "mongodb://u:cAnArY@a:1/?tlsCertificateKeyFilePassword=cAnArY";
  config.target_uri = "mongodb+srv://u:cAnArY@b.x.y/?authMechanismProperties=T:cAnArY";
  const std::string text = print(config);
  EXPECT_EQ(text.find("cAnArY"), std::string::npos) << text;
  EXPECT_NE(text.find("mongodb://***:***@a:1/"), std::string::npos) << text;
  EXPECT_NE(text.find("mongodb+srv://***:***@b.x.y/"), std::string::npos) << text;
}

}  // namespace
}  // namespace ddsync::config
