// Files of certificates that a connection string names.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/tls_files.h"
#include "support/config_file.h"

namespace ddsync::config {
namespace {

constexpr std::string_view kCertificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
constexpr std::string_view kKey = "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n";
constexpr std::string_view kNoCertificate =
    " holds no certificate in PEM form (-----BEGIN CERTIFICATE-----); convert it or correct the path";

class TlsFiles : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return file_.folder() + "/" + name; }

  // What is told of `option`, which names a file with this content.
  std::vector<std::string> told(const std::string& option, std::string_view content) const {
    file_.write("pem", content);
    return tls_file_faults("mongodb://h/?tls=true&" + option + "=" + path("pem"));
  }

  test::ConfigFile file_{""};
};

using Faults = std::vector<std::string>;

TEST_F(TlsFiles, InPemFormAreFine) {
  const std::string both = std::string(kCertificate).append(kKey);
  EXPECT_EQ(told("tlsCAFile", kCertificate), Faults{});
  EXPECT_EQ(told("tlsCAFile", "# a name\n" + both), Faults{});
  EXPECT_EQ(told("tlsCertificateKeyFile", both), Faults{});
  EXPECT_EQ(told("tlsCertificateKeyFile", std::string(kKey).append(kCertificate)), Faults{});
}

TEST_F(TlsFiles, ThatAreMissingAreToldWithTheirPath) {
  for (const char* option : {"tlsCAFile", "TLSCAFILE", "sslCertificateAuthorityFile", "tlsCertificateKeyFile",
                             "sslClientCertificateKeyFile"}) {
    EXPECT_EQ(tls_file_faults("mongodb+srv://h.x.y/?" + std::string(option) + "=" + path("none")),
              Faults{std::string(option) + ": the file " + path("none") +
                     " cannot be read: No such file or directory; mount it or correct the path"});
  }
  EXPECT_EQ(tls_file_faults("mongodb://h/?tlsCAFile=/"),
            Faults{"tlsCAFile: the file / cannot be read: it is a directory; mount it or correct the path"});
}

TEST_F(TlsFiles, ThatMayNotBeReadAreTold) {
  file_.write("pem", kCertificate);
  ASSERT_EQ(::chmod(path("pem").c_str(), 0), 0);
  if (::geteuid() == 0) GTEST_SKIP() << "root reads every file";
  EXPECT_EQ(tls_file_faults("mongodb://h/?tlsCAFile=" + path("pem")),
            Faults{"tlsCAFile: the file " + path("pem") +
                   " cannot be read: Permission denied; mount it or correct the path"});
}

TEST_F(TlsFiles, ThatHoldSomethingElseAreTold) {
  const Faults no_certificate{"tlsCAFile: the file " + path("pem") + std::string(kNoCertificate)};
  EXPECT_EQ(told("tlsCAFile", ""), no_certificate);
  EXPECT_EQ(told("tlsCAFile", "\x30\x82\x01\x0a"), no_certificate);
  EXPECT_EQ(told("tlsCAFile", kKey), no_certificate);
  EXPECT_EQ(told("tlsCAFile", kCertificate.substr(0, kCertificate.size() - 10)), no_certificate) << "cut off";
  EXPECT_EQ(
      told("tlsCertificateKeyFile", kCertificate),
      Faults{
          "tlsCertificateKeyFile: the file " + path("pem") +
          " holds no private key in PEM form (-----BEGIN PRIVATE KEY-----); put it behind the certificate"});
}

TEST_F(TlsFiles, AreAllTold) {
  EXPECT_EQ(tls_file_faults("mongodb://h/?tlsCAFile=/none&tlsCertificateKeyFile=/none").size(), 2U);
}

TEST_F(TlsFiles, ArePercentDecodedInTheirName) {
  file_.write("a b", kCertificate);
  EXPECT_EQ(tls_file_faults("mongodb://h/?tlsCAFile=" + path("a%20b")), Faults{});
  EXPECT_EQ(tls_file_faults("mongodb://h/?tlsCAFile=%2fnone").at(0).substr(0, 27),
            "tlsCAFile: the file /none c");
}

TEST_F(TlsFiles, MayBeMissingWhereNothingIsEncrypted) {
  EXPECT_EQ(tls_file_faults("mongodb://h/?tls=false&tlsCAFile=/none"), Faults{});
}

TEST_F(TlsFiles, AreToldWithTheLineOfTheConnectionString) {
  EXPECT_EQ(test::problem_of("target: {uri: 'mongodb://127.0.0.1:2'}\n"
                             "source:\n  uri: 'mongodb://u:cAnArY@127.0.0.1:1/?tlsCAFile=/none'\n" +
                             std::string(test::kWatch)),
            "3: source.uri: tlsCAFile: the file /none cannot be read: No such file or directory; mount it or "
            "correct the path");
}

}  // namespace
}  // namespace ddsync::config
