// What a connection string shows of itself: in print, and in the name of the state file.
#include <gtest/gtest.h>

#include "config/config.h"

namespace ddsync::config {
namespace {

struct Masked {
  std::string_view uri;
  std::string_view shown;
};

class MaskedUri : public testing::TestWithParam<Masked> {};

TEST_P(MaskedUri, ShowsNoSecret) { EXPECT_EQ(masked_uri(GetParam().uri), GetParam().shown); }

INSTANTIATE_TEST_SUITE_P(
    Users, MaskedUri,
    testing::Values(Masked{"mongodb://h:1/db?tls=true", "mongodb://h:1/db?tls=true"},
                    Masked{"mongodb://user:cAnArY@h:1,i:2/?tls=true", "mongodb://***:***@h:1,i:2/?tls=true"},
                    Masked{"mongodb+srv://user:cAn%40ArY%2F@h.x.y", "mongodb+srv://***:***@h.x.y"},
                    Masked{"mongodb://user@[::1]:1", "mongodb://***:***@[::1]:1"},
                    Masked{"mongodb://user:cAn@ArY@h", "mongodb://***:***@h"},
                    Masked{"mongodb://user:cAn/ArY@h", "mongodb://***"},
                    Masked{"mongodb://user:cAn?ArY@h", "mongodb://***"},
                    Masked{"mongodb://user:cAnArY", "mongodb://***"},
                    Masked{"mongodb://user:cAnArY/?a=b", "mongodb://***"},
                    Masked{"mongodb://us!er", "mongodb://***"},
                    Masked{"http://u:cAnArY@h/x", "http://***:***@h/x"}, Masked{"user:cAnArY@h", "***"},
                    Masked{"", "***"}));

INSTANTIATE_TEST_SUITE_P(
    Options, MaskedUri,
    testing::Values(
        Masked{"mongodb://h/?tlsCertificateKeyFilePassword=cAnArY&tls=true",
               "mongodb://h/?tlsCertificateKeyFilePassword=***&tls=true"},
        Masked{"mongodb://h/?TLSCERTIFICATEKEYFILEPASSWORD=cAnArY",
               "mongodb://h/?TLSCERTIFICATEKEYFILEPASSWORD=***"},
        Masked{"mongodb://h/?sslClientCertificateKeyPassword=cAnArY",
               "mongodb://h/?sslClientCertificateKeyPassword=***"},
        Masked{"mongodb://h/?ssl_pem_passphrase=cAnArY", "mongodb://h/?ssl_pem_passphrase=***"},
        Masked{"mongodb://h/?authMechanism=MONGODB-AWS&authMechanismProperties=AWS_SESSION_TOKEN:cAnArY",
               "mongodb://h/?authMechanism=MONGODB-AWS&authMechanismProperties=***"},
        Masked{"mongodb://h/?access_token=cAnArY", "mongodb://h/?access_token=***"},
        Masked{"mongodb://h/?tls=true;password=cAnArY", "mongodb://h/?tls=***"},
        Masked{"mongodb://h/?password", "mongodb://h/?***"},
        Masked{"mongodb://h/?a&b=&tlsCAFile=/ca.pem", "mongodb://h/?a&b=&tlsCAFile=/ca.pem"}));

TEST(MaskedUri, OfEveryBeginningOfAUriShowsNoSecret) {
  const std::string uri =
      "mongodb://us3r:cAnArY@h:1/"
      "db?tls=true&tlsCertificateKeyFilePassword=cAnArY&authMechanismProperties=T:cAnArY";
  for (size_t size = 0; size <= uri.size(); ++size) {
    const std::string shown = masked_uri(uri.substr(0, size));
    EXPECT_EQ(shown.find("cA"), std::string::npos) << shown;
  }
}

struct Named {
  std::string_view uri;
  std::string_view name;
};

class ClusterName : public testing::TestWithParam<Named> {};

TEST_P(ClusterName, IsThatOfTheOriginalService) { EXPECT_EQ(cluster_name(GetParam().uri), GetParam().name); }

// Each computed with extract_cluster_name of the original's sync.py.
INSTANTIATE_TEST_SUITE_P(
    Uris, ClusterName,
    testing::Values(
        Named{"mongodb+srv://u:p@my-cluster.mongocluster.cosmos.azure.com/?tls=true", "my-cluster"},
        Named{"mongodb+srv://u:p@My-Cluster.mongocluster.cosmos.azure.com", "My-Cluster"},
        Named{"mongodb+srv://My-Cluster.mongocluster.cosmos.azure.com/", "my-cluster"},
        Named{"mongodb://u:p@127.0.0.1:10260/?directConnection=true", "127.0.0.1_10260"},
        Named{"mongodb://localhost", "localhost_27017"}, Named{"mongodb://LOCALHOST:5", "localhost_5"},
        Named{"mongodb://u:p@a-host.example.com:27017,b-host.example.com:27017/?replicaSet=r", "a-host"},
        Named{"mongodb://A-Host.example.com", "a-host"}, Named{"mongodb://single:1", "single"},
        Named{"mongodb://10.0.0.7:27017", "10"}, Named{"mongodb://[::1]:27017/", "::1"},
        Named{"mongodb://u:p%40ss@h.x", "h"}, Named{"mongodb://h.x?tls=true", "h"},
        Named{"mongodb://", "edaa9bb1b673"}, Named{"no uri", "df6cfcdd5d55"}));

TEST(ClusterNameOfOddHosts, IsAHashThatStaysInTheFolder) {
  const std::string name = cluster_name("mongodb://%2Ftmp%2Fmongodb.sock");
  EXPECT_EQ(name.size(), 12U) << name;
  EXPECT_EQ(name.find_first_not_of("0123456789abcdef"), std::string::npos) << name;
}

TEST(StatePath, HoldsBothNames) {
  Config config;
  config.state_directory = "/var/sync";
  config.source_uri = "mongodb://127.0.0.1:10260";
  config.target_uri = "mongodb+srv://u:p@my-azure-cluster.mongocluster.cosmos.azure.com/";
  EXPECT_EQ(state_path(config), "/var/sync/.documentdb_sync_state_127.0.0.1_10260_to_my-azure-cluster.json");
}

}  // namespace
}  // namespace ddsync::config
