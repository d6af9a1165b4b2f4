// From a file to settings: what is understood, what is refused and how it is told.
#include <gtest/gtest.h>

#include "config/config.h"
#include "support/config_file.h"

namespace ddsync::config {
namespace {

using test::good_with;
using test::problem_of;
using test::problems_of;
using Lines = std::vector<std::string>;

Config loaded(const std::string& text) {
  const test::ConfigFile file(text);
  auto config = file.load();
  EXPECT_TRUE(config) << problem_of(text);
  return config.value_or(Config{});
}

// Of the original service's repository, its placeholders filled in.
constexpr std::string_view kOriginal =
    R"(# DocumentDB to Azure DocumentDB (with MongoDB compatibility) Sync Configuration

# Source: DocumentDB instance created by the DocumentDB Kubernetes Operator
source:
  uri: "mongodb://k8s_secret_user:K8sSecret100@127.0.0.1:10260/?directConnection=true&authMechanism=SCRAM-SHA-256&tls=true&tlsAllowInvalidCertificates=true"

target:
  uri: "mongodb+srv://admin:MyP%40ss@target-cluster.mongocluster.cosmos.azure.com/?tls=true&authMechanism=SCRAM-SHA-256&retrywrites=false&maxIdleTimeMS=120000"

# Watch configuration - collections to sync
watch:
  # List of collections to watch in "database.collection" format
  collections:
    - demodb.demo_orders
    # - mydb.orders

# State management
state:
  persist_interval: 10

# Logging
logging:
  level: INFO
)";

TEST(Load, TakesAnUnchangedFileOfTheOriginalService) {
  const Config config = loaded(std::string(kOriginal));
  EXPECT_EQ(config.source_uri.substr(0, 35), "mongodb://k8s_secret_user:K8sSecret");
  ASSERT_EQ(config.watch.size(), 1U);
  EXPECT_EQ(config.watch[0].text(), "demodb.demo_orders");
  EXPECT_EQ(config.persist_interval, 10U);
  EXPECT_EQ(config.log_level, LogLevel::info);
  EXPECT_TRUE(state_path(config).ends_with("/.documentdb_sync_state_127.0.0.1_10260_to_target-cluster.json"));
}

TEST(Load, RefusesTheOriginalsTemplateForEachPlaceholder) {
  const Lines problems = problems_of(
      "source:\n  uri: \"<SOURCE_CONNECTION_STRING>\"\n"
      "target:\n  uri: \"<TARGET_CONNECTION_STRING>\"\n"
      "watch:\n  collections:\n    - <database>.<collection>\n");
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_TRUE(
      problems[0].starts_with("2: source.uri: still holds the placeholder <SOURCE_CONNECTION_STRING>"))
      << problems[0];
  EXPECT_TRUE(
      problems[1].starts_with("4: target.uri: still holds the placeholder <TARGET_CONNECTION_STRING>"))
      << problems[1];
  EXPECT_TRUE(
      problems[2].starts_with("7: watch.collections: still holds the placeholder <database>.<collection>"))
      << problems[2];
}

TEST(Load, ReadsEverySetting) {
  const Config config = loaded(std::string(test::kServers) +
                               "watch: {collections: [a.b, c.*], exclude: [c.d], scope: Database}\n"
                               "state: {directory: /var/sync/../state/, persist_interval: 1000000}\n"
                               "initial_sync: {mode: Auto, target_not_empty: merge, readers: 64, writers: "
                               "255, max_bytes_per_second: 20 MB}\n"
                               "schema: {unsupported: warn}\n"
                               "indexes: before_copy\n"
                               "spool: {limit: 64 MiB, directory: /var/spool/../sync/}\n"
                               "apply: {writers: 256, fence: transaction_number, late_write_max: 86400}\n"
                               "on_error: quarantine\n"
                               "memory: {limit: 1GiB}\n"
                               "logging: {level: debug, format: JSON, status_interval: 0}\n");
  EXPECT_EQ(config.watch, (std::vector<NamespacePattern>{{"a", "b"}, {"c", ""}}));
  EXPECT_EQ(config.exclude, (std::vector<NamespacePattern>{{"c", "d"}}));
  EXPECT_EQ(config.scope, Scope::database);
  EXPECT_EQ(config.state_directory, "/var/state");
  EXPECT_EQ(config.initial_sync, (InitialSync{.mode = CopyMode::automatic,
                                              .target_not_empty = TargetNotEmpty::merge,
                                              .readers = 64,
                                              .writers = 255,
                                              .bytes_per_second_max = 20'000'000}));
  EXPECT_EQ(config.schema_unsupported, Unsupported::warn);
  EXPECT_EQ(config.indexes, Indexes::before_copy);
  EXPECT_EQ(config.spool_limit_bytes, uint64_t{64} << 20);
  EXPECT_EQ(config.spool_directory, "/var/sync");
  EXPECT_EQ(config.persist_interval, 1'000'000U);
  EXPECT_EQ(config.writers, 256U);
  EXPECT_EQ(config.fence, Fence::transaction_number);
  EXPECT_EQ(config.late_write_max_ms, 86'400'000);
  EXPECT_EQ(config.on_error, OnError::quarantine);
  EXPECT_EQ(config.memory_limit_bytes, uint64_t{1} << 30);
  EXPECT_EQ(config.log_level, LogLevel::debug);
  EXPECT_EQ(config.log_format, LogFormat::json);
  EXPECT_EQ(config.status_interval_s, 0U);
}

TEST(Load, TakesRelativeDirectoriesFromTheFilesFolder) {
  const test::ConfigFile file(good_with("state: {directory: sub/./state/}\n"));
  const auto config = file.load();
  ASSERT_TRUE(config);
  EXPECT_EQ(config->state_directory, file.folder() + "/sub/state");
}

TEST(Load, LetsTheCopyWriteWithAsManyConnectionsAsTheStreamsUnlessToldOtherwise) {
  EXPECT_EQ(loaded(good_with("")).initial_sync.writers, 8U);
  EXPECT_EQ(loaded(good_with("apply: {writers: 3}\n")).initial_sync.writers, 3U);
  EXPECT_EQ(loaded(good_with("apply: {writers: 3}\ninitial_sync: {writers: 20}\n")).initial_sync.writers,
            20U);
}

TEST(Load, KeepsTheSpoolBesideTheStateUnlessToldOtherwise) {
  EXPECT_EQ(loaded(good_with("state: {directory: /var/state}\n")).spool_directory, "/var/state");
  const test::ConfigFile file(good_with("state: {directory: /var/state}\nspool: {directory: s}\n"));
  const auto config = file.load();
  ASSERT_TRUE(config);
  EXPECT_EQ(config->spool_directory, file.folder() + "/s");
}

TEST(Load, TakesZeroAsNoLimitOfTheCopyAndNoSpool) {
  const Config config = loaded(good_with("initial_sync: {max_bytes_per_second: 0}\nspool: {limit: 0}\n"));
  EXPECT_EQ(config.initial_sync.bytes_per_second_max, 0U);
  EXPECT_EQ(config.spool_limit_bytes, 0U);
}

struct Refused {
  std::string_view more;  // begins at line 4
  std::string_view told;
};

class LoadRefuses : public testing::TestWithParam<Refused> {};

TEST_P(LoadRefuses, TheValueWithItsLineAndKey) {
  EXPECT_EQ(problem_of(good_with(GetParam().more)), GetParam().told);
}

INSTANTIATE_TEST_SUITE_P(
    Values, LoadRefuses,
    testing::Values(
        Refused{"apply: {writers: 0}", "4: apply.writers: '0' is wrong; give a whole number from 1 to 256"},
        Refused{"apply: {writers: 257}",
                "4: apply.writers: '257' is wrong; give a whole number from 1 to 256"},
        Refused{"apply: {writers: -1}", "4: apply.writers: '-1' is wrong; give a whole number from 1 to 256"},
        Refused{"apply: {writers: 8.0}",
                "4: apply.writers: '8.0' is wrong; give a whole number from 1 to 256"},
        Refused{"apply: {writers: 1e1}",
                "4: apply.writers: '1e1' is wrong; give a whole number from 1 to 256"},
        Refused{"apply: {writers: 4294967304}",
                "4: apply.writers: '4294967304' is wrong; give a whole number from 1 to 256"},
        Refused{"apply: {writers: many}",
                "4: apply.writers: 'many' is wrong; give a whole number from 1 to 256"},
        Refused{"apply: {writers: [8]}",
                "4: apply.writers: must be a single value, not a list or a group of keys"},
        Refused{"apply: {writers: {a: 1}}",
                "4: apply.writers: must be a single value, not a list or a group of keys"},
        Refused{"apply: {writers: }", "4: apply.writers: is empty; give a value or remove the key"},
        Refused{"apply: {writers: ''}", "4: apply.writers: is empty; give a value or remove the key"},
        Refused{"apply: {late_write_max: 10s}",
                "4: apply.late_write_max: '10s' is wrong; give a whole number of seconds from 1 to 86400, "
                "without "
                "a unit"},
        Refused{"apply: {fence: none}",
                "4: apply.fence: 'none' is wrong; give one of auto, transaction_number, compare"},
        Refused{
            "logging: {status_interval: 86401}",
            "4: logging.status_interval: '86401' is wrong; give a whole number of seconds from 0 to 86400, "
            "without a unit"},
        Refused{"logging: {level: LOUD}",
                "4: logging.level: 'LOUD' is wrong; give one of DEBUG, INFO, WARNING, ERROR"},
        Refused{"logging: {format: xml}", "4: logging.format: 'xml' is wrong; give one of text, json"},
        Refused{"state: {persist_interval: 0}",
                "4: state.persist_interval: '0' is wrong; give a whole number from 1 to 1000000"},
        Refused{"state: {directory: ~}", "4: state.directory: is empty; give a value or remove the key"},
        Refused{"on_error: ignore", "4: on_error: 'ignore' is wrong; give one of stop, quarantine"},
        Refused{"memory: {limit: lots}",
                "4: memory.limit: 'lots' is not a size; give a whole number of bytes, or with one of the "
                "units GiB, "
                "MiB, KiB, GB, MB, KB, kB, Gi, Mi, Ki, B"},
        Refused{"memory: {limit: 15 MiB}",
                "4: memory.limit: '15 MiB' is out of range; give 16 MiB to 1024 GiB"},
        Refused{"memory: {limit: 1025 GiB}",
                "4: memory.limit: '1025 GiB' is out of range; give 16 MiB to 1024 GiB"},
        Refused{"memory: {limit: 0}", "4: memory.limit: '0' is out of range; give 16 MiB to 1024 GiB"},
        Refused{"initial_sync: {mode: on}",
                "4: initial_sync.mode: 'on' is wrong; give one of off, auto, always"},
        Refused{"initial_sync: {target_not_empty: replace}",
                "4: initial_sync.target_not_empty: 'replace' is wrong; give one of refuse, merge, drop"},
        Refused{"initial_sync: {readers: 65}",
                "4: initial_sync.readers: '65' is wrong; give a whole number from 1 to 64"},
        Refused{"initial_sync: {writers: 0}",
                "4: initial_sync.writers: '0' is wrong; give a whole number from 1 to 256"},
        Refused{"initial_sync: {max_bytes_per_second: 20}",
                "4: initial_sync.max_bytes_per_second: '20' is out of range; give 0 or 64 KiB to 1024 GiB"},
        Refused{"schema: {unsupported: drop}",
                "4: schema.unsupported: 'drop' is wrong; give one of stop, warn"},
        Refused{"indexes: later", "4: indexes: 'later' is wrong; give one of after_copy, before_copy, off"},
        Refused{"spool: {limit: 63 MiB}",
                "4: spool.limit: '63 MiB' is out of range; give 0 or 64 MiB to 65536 GiB"},
        Refused{"spool: {directory: }", "4: spool.directory: is empty; give a value or remove the key"},
        Refused{"logging: 5", "4: logging must hold keys, indented below it"},
        Refused{"logging: [level]", "4: logging must hold keys, indented below it"}));

class LoadNames : public testing::TestWithParam<Refused> {};

TEST_P(LoadNames, TheNearestKeyOfAnUnknownOne) {
  EXPECT_EQ(problem_of(good_with(GetParam().more)), GetParam().told);
}

INSTANTIATE_TEST_SUITE_P(
    Keys, LoadNames,
    testing::Values(
        Refused{"state:\n  persist_intervall: 5",
                "5: state.persist_intervall is not a known key; did you mean state.persist_interval?"},
        Refused{"logs:\n  level: INFO", "4: logs is not a known key; did you mean logging?"},
        Refused{"wacth: 1", "4: wacth is not a known key; did you mean watch?"},
        Refused{"apply: {on_error: stop}", "4: apply.on_error is not a known key; did you mean on_error?"},
        Refused{"persist_interval: 10",
                "4: persist_interval is not a known key; did you mean state.persist_interval?"},
        Refused{"Memory: {limit: 1GiB}", "4: Memory is not a known key; did you mean memory?"},
        Refused{"apply: {Writers: 5}", "4: apply.Writers is not a known key; did you mean apply.writers?"},
        Refused{"foo: 1", "4: foo is not a known key; config.example.yaml names them all"},
        Refused{"retries: 1", "4: retries is not a known key; config.example.yaml names them all"},
        Refused{"apply: {host: 1}", "4: apply.host is not a known key; config.example.yaml names them all"},
        Refused{"apply: {password: 1}",
                "4: apply.password is not a known key; config.example.yaml names them all"},
        Refused{"apply.writer: 5", "4: apply.writer is not a known key; did you mean apply.writers?"},
        Refused{"apply.writers: 5",
                "4: apply.writers must be nested: write apply: on a line of its own and writers: indented "
                "below it"},
        Refused{"apply: {apply.writers: 5}",
                "4: apply.writers must be nested: write apply: on a line of its own and writers: indented "
                "below it"}));

TEST(Load, ReportsAllProblemsAtOnceByLine) {
  const Lines problems = problems_of(
      "logging: {level: LOUD}\n"
      "source: {uri: '<SOURCE_CONNECTION_STRING>'}\n"
      "target:\n"
      "  uri:\n"
      "watch:\n"
      "  collections: [good.one, nodot]\n"
      "wacth: 1\n");
  ASSERT_EQ(problems.size(), 5U) << testing::PrintToString(problems);
  EXPECT_TRUE(problems[0].starts_with("1: logging.level"));
  EXPECT_TRUE(problems[1].starts_with("2: source.uri"));
  EXPECT_TRUE(problems[2].starts_with("4: target.uri"));
  EXPECT_TRUE(problems[3].starts_with("6: watch.collections: 'nodot'"));
  EXPECT_TRUE(problems[4].starts_with("7: wacth"));
}

TEST(Load, NamesEveryRequiredSettingThatIsMissing) {
  EXPECT_EQ(problems_of("on_error: stop\n"),
            (Lines{"0: source.uri is missing; give source.uri, source.uri_env or source.uri_file",
                   "0: target.uri is missing; give target.uri, target.uri_env or target.uri_file",
                   "0: watch.collections is missing; list database.collection, database.* or *"}));
}

TEST(Load, PointsToTheSectionThatLacksASetting) {
  EXPECT_EQ(
      problem_of("on_error: stop\nsource:\ntarget: {uri: 'mongodb://t'}\nwatch: {collections: [a.b]}\n"),
      "2: source.uri is missing; give source.uri, source.uri_env or source.uri_file");
}

TEST(Load, RepeatsALongOrOddValueOnOneShortLine) {
  const std::string problem =
      problem_of(good_with("on_error: \"\\e[31m\\n" + std::string(5'000, 'x') + "\"\n"));
  EXPECT_TRUE(problem.starts_with("4: on_error: '\\x1b[31m\\nxxx")) << problem;
  EXPECT_LT(problem.size(), 200U);
}

}  // namespace
}  // namespace ddsync::config
