// Connection strings: where they come from, what is refused, what is warned of.
#include <gtest/gtest.h>

#include <cstdlib>

#include "config/uri_check.h"
#include "support/config_file.h"

namespace ddsync::config {
namespace {

constexpr std::string_view kTarget = "target: {uri: 'mongodb://u:cAnArY@127.0.0.1:2'}\n";

// `source` stands in line 1.
std::string with_source(std::string_view source) {
  return std::string("source: {").append(source).append("}\n").append(kTarget).append(test::kWatch);
}

// An environment variable for one test.
class Variable {
 public:
  explicit Variable(const char* value) {
    if (value != nullptr) ::setenv(kName, value, 1);
  }
  ~Variable() { ::unsetenv(kName); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

  static constexpr const char* kName = "DDSYNC_TEST_URI";
};

std::string source_of(const test::ConfigFile& file) {
  const auto config = file.load();
  return config ? config->source_uri : "refused: " + config.error().front().text;
}

TEST(UriSetting, ComesFromTheEnvironment) {
  const test::ConfigFile file(with_source("uri_env: DDSYNC_TEST_URI"));
  {
    const Variable variable(" mongodb://127.0.0.1:1\n");
    EXPECT_EQ(source_of(file), "mongodb://127.0.0.1:1");
  }
  EXPECT_EQ(
      file.problems().front(),
      "1: source.uri_env: the environment variable DDSYNC_TEST_URI is not set; export it or correct the "
      "name");
  const Variable variable(" \n");
  EXPECT_EQ(
      file.problems().front(),
      "1: source.uri_env: the environment variable DDSYNC_TEST_URI is empty; export it or correct the name");
}

TEST(UriSetting, ComesFromAFileBesideTheConfiguration) {
  const test::ConfigFile file(with_source("uri_file: secret"));
  for (const char* ending : {"", "\n", "\r\n", " \n\n"}) {
    file.write("secret", std::string("\xEF\xBB\xBF"
                                     "mongodb://u:cAnArY@127.0.0.1:1") +
                             ending);
    EXPECT_EQ(source_of(file), "mongodb://u:cAnArY@127.0.0.1:1");
  }
}

TEST(UriSetting, ComesFromAFileElsewhere) {
  const test::ConfigFile elsewhere("");
  elsewhere.write("secret", "mongodb://127.0.0.1:1");
  const test::ConfigFile file(with_source("uri_file: " + elsewhere.folder() + "/secret"));
  EXPECT_EQ(source_of(file), "mongodb://127.0.0.1:1");
}

TEST(UriSetting, TellsWhatIsWrongWithItsFile) {
  const test::ConfigFile file(with_source("uri_file: secret"));
  EXPECT_EQ(file.problems().front(),
            "1: source.uri_file: the file secret cannot be read: No such file or directory; mount it or "
            "correct the "
            "path");
  file.write("secret", "\n");
  EXPECT_EQ(file.problems().front(),
            "1: source.uri_file: the file secret is empty; it must hold the connection string");
  file.write("secret", "mongodb://u:cAnArY@a\nmongodb://u:cAnArY@b\n");
  EXPECT_EQ(file.problems().front(),
            "1: source.uri_file: the connection string holds a blank; write it as %20, or remove it");
  file.write("secret", std::string("mongodb://u:cAn\0ArY@a", 21));
  EXPECT_EQ(file.problems().front(),
            "1: source.uri_file: the connection string holds a blank; write it as %20, or remove it");
  file.write("secret", "cAnArY");
  EXPECT_EQ(file.problems().front(),
            "1: source.uri_file: a connection string starts with mongodb:// or mongodb+srv://");
  EXPECT_EQ(test::ConfigFile(with_source("uri_env: \"\\e[2J\"")).problems().front(),
            "1: source.uri_env: the environment variable \\x1b[2J is not set; export it or correct the name");
  EXPECT_EQ(test::ConfigFile(with_source("uri_file: .")).problems().front(),
            "1: source.uri_file: the file . cannot be read: it is a directory; mount it or correct the path");
}

struct Refused {
  std::string_view source;
  std::string_view told;
};

constexpr std::string_view kEncoded =
    "1: source.uri: special characters in user name and password are percent-encoded: @ as %40, : as %3A, / "
    "as %2F, "
    "? as %3F, % as %25";
constexpr std::string_view kEncodedOrPort =
    "1: source.uri: a port is a number from 1 to 65535; special characters in user name and password are "
    "percent-encoded: @ as %40, : as %3A, / as %2F, ? as %3F, % as %25";

class UriSettingRefuses : public testing::TestWithParam<Refused> {};

TEST_P(UriSettingRefuses, WithoutAnyPartOfIt) {
  const std::string problem = test::problem_of(with_source(GetParam().source));
  EXPECT_EQ(problem, GetParam().told);
  EXPECT_EQ(problem.find("cAnArY"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Settings, UriSettingRefuses,
    testing::Values(
        Refused{"uri: ", "1: source.uri: is empty; give a value or remove the key"},
        Refused{"uri: ''", "1: source.uri: is empty; give a value or remove the key"},
        Refused{"uri: ' '", "1: source.uri: a connection string starts with mongodb:// or mongodb+srv://"},
        Refused{"uri: [mongodb://a]", "1: source.uri: must be a single value, not a list or a group of keys"},
        Refused{"uri: 'http://u:cAnArY@a'",
                "1: source.uri: a connection string starts with mongodb:// or mongodb+srv://"},
        Refused{"uri: 'MONGODB://u:cAnArY@a'",
                "1: source.uri: a connection string starts with mongodb:// or mongodb+srv://"},
        Refused{
            "uri: 'mongodb://u:cAnArY@'",
            "1: source.uri: the connection string names no server; it reads mongodb://user:password@host"},
        Refused{
            "uri: 'mongodb://u:cAnArY@/?tls=true'",
            "1: source.uri: the connection string names no server; it reads mongodb://user:password@host"},
        Refused{"uri: 'mongodb://u:p@cAnArY@a'", kEncoded},
        Refused{"uri: 'mongodb+srv://u:cAnArY@p@a.b.c'", kEncoded},
        Refused{"uri: 'mongodb://u:cAnArY%zz@a'", kEncoded},
        Refused{"uri: 'mongodb://u:cAnArY%4@a'", kEncoded},
        Refused{"uri: 'mongodb://u:cAnArY/p@a'", kEncodedOrPort},
        Refused{"uri: 'mongodb://u:cAnArY?p@a'", kEncodedOrPort},
        Refused{"uri: 'mongodb://u:cAnArY@a:99999'", "1: source.uri: a port is a number from 1 to 65535"},
        Refused{"uri: 'mongodb://u:cAnArY@a:1,b:x/'", "1: source.uri: a port is a number from 1 to 65535"},
        Refused{"uri: 'mongodb://u:cAnArY@a,,b/'",
                "1: source.uri: a server without a name stands in the list of servers"},
        Refused{"uri: 'mongodb://u:cAnArY@a/?tlsCAFil=cAnArY'",
                "1: source.uri: the option tlsCAFil is not known, did you mean tlsCAFile?; without effect, "
                "it would "
                "leave the connection less safe than it looks"},
        Refused{"uri: 'mongodb://u:cAn ArY@a'",
                "1: source.uri: the connection string holds a blank; write it as %20, or remove it"},
        Refused{
            "uri: 'mongodb://u:cAnArY@<TARGET_CONNECTION_STRING>'",
            "1: source.uri: still holds the placeholder <TARGET_CONNECTION_STRING>; fill in the connection "
            "string"},
        Refused{"uri: 'mongodb://u:cAnArY@a', uri_env: A",
                "1: source.uri and source.uri_env exclude each other; keep one of them"},
        Refused{"uri_env: A, uri_file: B",
                "1: source.uri_env and source.uri_file exclude each other; keep one of them"},
        Refused{
            "uri_env: 'mongodb://u:cAnArY@a'",
            "1: source.uri_env: holds a connection string; it must name where that is found, or be given as "
            "uri"},
        Refused{
            "uri_file: 'mongodb://u:cAnArY@a'",
            "1: source.uri_file: holds a connection string; it must name where that is found, or be given as "
            "uri"},
        Refused{"uri: 'mongodb://other:user@127.0.0.1:2/?tls=true'",
                "2: source and target are the same server; correct one of the two connection strings"}));

std::string refused_by_driver(const std::string& uri) {
  return uri.find("tls=maybe") == std::string::npos ? "" : "the option tls is wrong";
}

TEST(UriSetting, ThatTheDriverRefusesIsToldWithAllOtherProblems) {
  const test::ConfigFile file(
      "source: {uri: 'mongodb://a/?tls=maybe'}\ntarget: {uri: 'mongodb://b/?tls=maybe&tlsCAFile=/none'}\n"
      "watch: {collections: [nodot]}\n");
  const auto config = load(file.path(), refused_by_driver);
  ASSERT_FALSE(config);
  const std::vector<Problem>& problems = config.error();
  ASSERT_EQ(problems.size(), 4U);
  EXPECT_EQ(problems[0], (Problem{1, "source.uri: the option tls is wrong"}));
  EXPECT_EQ(problems[1].line, 2);
  EXPECT_TRUE(problems[1].text.starts_with("target.uri: tlsCAFile: ")) << problems[1].text;
  EXPECT_EQ(problems[2], (Problem{2, "target.uri: the option tls is wrong"}));
  EXPECT_EQ(problems[3].line, 3);
}

TEST(SameServers, IsDecidedByHostAndPortAlone) {
  EXPECT_TRUE(same_servers("mongodb://h", "mongodb://u:p@H:27017/db?tls=true"));
  EXPECT_TRUE(same_servers("mongodb://localhost:5", "mongodb://127.0.0.1:5"));
  EXPECT_TRUE(same_servers("mongodb://[::1]:5", "mongodb://localhost:5"));
  EXPECT_TRUE(same_servers("mongodb://[::1]", "mongodb://[::1]:27017"));
  EXPECT_TRUE(same_servers("mongodb://h.x.", "mongodb://h.x"));
  EXPECT_TRUE(same_servers("mongodb://a:1,b:1,c:1", "mongodb://c:1"));
  EXPECT_TRUE(same_servers("mongodb+srv://u:p@Cluster.x.com/?a=b", "mongodb+srv://cluster.x.com"));
}

TEST(SameServers, TwoPortsOrHostsAreTwoServers) {
  EXPECT_FALSE(same_servers("mongodb://127.0.0.1:1", "mongodb://127.0.0.1:2"));
  EXPECT_FALSE(same_servers("mongodb://127.0.0.1", "mongodb://127.0.0.1:27018"));
  EXPECT_FALSE(same_servers("mongodb://127.0.0.1:1", "mongodb://127.0.0.2:1"));
  EXPECT_FALSE(same_servers("mongodb://[::1]:1", "mongodb://[::1]:2"));
  EXPECT_FALSE(same_servers("mongodb://a.x.com", "mongodb://b.x.com"));
  EXPECT_FALSE(same_servers("mongodb+srv://a.x.com", "mongodb+srv://b.x.com"));
  EXPECT_FALSE(same_servers("mongodb+srv://a.x.com", "mongodb://a.x.com"));
}

size_t weaknesses(std::string_view uri) { return uri_weaknesses(uri).size(); }

TEST(Weaknesses, OfVerifiedTlsAndOfLoopbackAreNone) {
  for (const char* uri :
       {"mongodb://h/?tls=true", "mongodb://h/?ssl=true", "mongodb://h/?tlsCAFile=/a.pem",
        "mongodb+srv://h.x.y", "mongodb://h/?tls=true&tlsInsecure=false&tlsAllowInvalidCertificates=0",
        "mongodb://127.0.0.1:1", "mongodb://localhost,[::1]:2", "mongodb://127.1.2.3",
        "mongodb://%2Ftmp%2Fmongodb.sock"}) {
    EXPECT_EQ(weaknesses(uri), 0U) << uri;
  }
}

TEST(Weaknesses, AreTlsThatVerifiesNothing) {
  for (const char* option : {"tlsInsecure", "tlsAllowInvalidCertificates", "tlsAllowInvalidHostnames",
                             "sslAllowInvalidCertificates", "sslAllowInvalidHostnames", "TLSINSECURE"}) {
    const auto found = uri_weaknesses(std::string("mongodb://127.0.0.1/?tls=true&") + option + "=true");
    ASSERT_EQ(found.size(), 1U) << option;
    EXPECT_TRUE(found[0].starts_with(std::string(option) + "=true: ")) << found[0];
  }
  EXPECT_EQ(weaknesses("mongodb://h/?tlsInsecure=1"), 1U) << "an option of TLS switches TLS on";
  EXPECT_EQ(weaknesses("mongodb://h/?tls=true&tlsInsecure=true&tlsAllowInvalidHostnames=true"), 2U);
}

TEST(Weaknesses, AreOptionsWithoutEffect) {
  const auto found = uri_weaknesses("mongodb://127.0.0.1/?retryWrite=false&REPLICASET=rs&foo=1");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0], "the option retryWrite is not known, did you mean retryWrites?; it has no effect");
  EXPECT_EQ(found[1], "the option foo is not known; it has no effect");
}

TEST(Weaknesses, AreConnectionsToOtherMachinesWithoutTls) {
  for (const char* uri :
       {"mongodb://h", "mongodb://h/?tls=false", "mongodb://h/?tlsInsecure=true&tls=false",
        "mongodb+srv://h.x.y/?tls=false", "mongodb://localhost,h", "mongodb://127.example.com"}) {
    const auto found = uri_weaknesses(uri);
    ASSERT_EQ(found.size(), 1U) << uri;
    EXPECT_TRUE(found[0].starts_with("the connection is not encrypted")) << found[0];
  }
}

TEST(Weaknesses, AreWarningsWithTheirLine) {
  const auto config =
      test::ConfigFile(with_source("uri: 'mongodb://u:cAnArY@h/?tls=true&tlsInsecure=true'")).load();
  ASSERT_TRUE(config);
  ASSERT_EQ(config->warnings.size(), 1U);
  EXPECT_EQ(config->warnings[0].line, 1);
  EXPECT_TRUE(config->warnings[0].text.starts_with("source: tlsInsecure=true: ")) << config->warnings[0].text;
}

}  // namespace
}  // namespace ddsync::config
