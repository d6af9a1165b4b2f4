#include <gtest/gtest.h>

#include "mongo/uri.h"

namespace ddsync::mongo {
namespace {

EndpointOptions options(const std::string& uri) { return {.uri = uri, .connections_max = 300}; }

int32_t number(const mongoc_uri_t* uri, const char* name) {
  return mongoc_uri_get_option_as_int32(uri, name, -1);
}

TEST(Uri, GetsTheTimeoutsAndThePoolThatTheServiceNeeds) {
  const auto uri = parse_uri(options("mongodb://host:27017/"));
  ASSERT_TRUE(uri);
  EXPECT_EQ(number(uri->get(), MONGOC_URI_SOCKETTIMEOUTMS), 60'000);
  EXPECT_EQ(number(uri->get(), MONGOC_URI_SERVERSELECTIONTIMEOUTMS), 5'000);
  EXPECT_EQ(number(uri->get(), MONGOC_URI_MAXPOOLSIZE), 300);
  EXPECT_STREQ(mongoc_uri_get_appname(uri->get()), "documentdb-sync");
}

TEST(Uri, KeepsTheTimeoutsThatItSaysItself) {
  const auto uri =
      parse_uri(options("mongodb://host/?socketTimeoutMS=1234&connectTimeoutMS=77&appName=mine"));
  ASSERT_TRUE(uri);
  EXPECT_EQ(number(uri->get(), MONGOC_URI_SOCKETTIMEOUTMS), 1'234);
  EXPECT_EQ(number(uri->get(), MONGOC_URI_CONNECTTIMEOUTMS), 77);
  EXPECT_STREQ(mongoc_uri_get_appname(uri->get()), "mine");
}

TEST(Uri, HasRoomForEveryStreamWhateverPoolSizeItSays) {
  EXPECT_EQ(number(parse_uri(options("mongodb://host/?maxPoolSize=5"))->get(), MONGOC_URI_MAXPOOLSIZE), 300);
  EXPECT_EQ(number(parse_uri(options("mongodb://host/?maxPoolSize=900"))->get(), MONGOC_URI_MAXPOOLSIZE),
            900);
}

TEST(Uri, LeavesEveryRetryToTheEngine) {
  const auto uri = parse_uri(options("mongodb://host/?retryWrites=true&retryReads=true"));
  ASSERT_TRUE(uri);
  EXPECT_FALSE(mongoc_uri_get_option_as_bool(uri->get(), MONGOC_URI_RETRYWRITES, true));
  EXPECT_FALSE(mongoc_uri_get_option_as_bool(uri->get(), MONGOC_URI_RETRYREADS, true));
}

TEST(Uri, NamesTheWrongPartButNeverItsText) {
  const struct {
    const char* uri;
    const char* named;
  } cases[] = {
      {"http://user:cAnArY@host/", "mongodb://"},
      {"mongodb://us/cAnArY:x@host/", ""},
      {"mongodb://user:cAnArY%zz@host/", "percent-encoded"},
      {"mongodb+srv://user:cAnArY@host:27017/", "mongodb+srv://"},
      {"mongodb://user:cAnArY@host/?tls=cAnArY", "option tls"},
      {"mongodb://user:cAnArY@host/?cAnArY", "option"},
      {"cAnArY", "mongodb://"},
      {"", "mongodb://"},
  };
  for (const auto& given : cases) {
    const auto uri = parse_uri(options(given.uri));
    ASSERT_FALSE(uri) << given.uri;
    EXPECT_EQ(uri.error().treatment, Treatment::fatal);
    EXPECT_EQ(uri.error().message.find("cAnArY"), std::string::npos) << uri.error().message;
    EXPECT_NE(uri.error().message.find(given.named), std::string::npos)
        << given.uri << ": " << uri.error().message;
  }
}

TEST(Uri, SaysBeforeAnyConnectionWhyItIsNotTaken) {
  EXPECT_EQ(uri_fault("mongodb://user:secret@host/?tls=true&replicaSet=rs"), "");
  EXPECT_EQ(uri_fault("mongodb://host/?authMechanism=SCRAM-SHA-256"),
            "the connection string is wrong: user name, password and the option authMechanism do not go "
            "together; correct one of them");
  EXPECT_EQ(
      uri_fault("mongodb://host/?directConnection=maybe"),
      "the connection string is wrong: the option directConnection has a wrong value or does not go with "
      "the rest; correct or remove it");
}

TEST(Uri, IsNotTakenWhenItAsksForWritesWithoutAnAnswer) {
  for (const char* option : {"w=0", "W=0", "safe=false", "w=-1", "w=0&journal=false"}) {
    const std::string fault = uri_fault(std::string("mongodb://host/?") + option);
    EXPECT_NE(fault.find("w=0"), std::string::npos) << option << ": " << fault;
    EXPECT_NE(fault.find("w=majority"), std::string::npos) << option << ": " << fault;
  }
  for (const char* option : {"w=1", "w=majority", "journal=false", "safe=true", "wtimeoutMS=5"})
    EXPECT_EQ(uri_fault(std::string("mongodb://host/?") + option), "") << option;
}

TEST(Uri, RecognisesHostsByTheirDomain) {
  const auto uri = parse_uri(options("mongodb://a.example.com:1,ACCOUNT.mongo.cosmos.azure.com:10255/"));
  ASSERT_TRUE(uri);
  EXPECT_TRUE(has_host_within(uri->get(), ".mongo.cosmos.azure."));
  EXPECT_FALSE(has_host_within(uri->get(), ".documents.azure."));
}

}  // namespace
}  // namespace ddsync::mongo
