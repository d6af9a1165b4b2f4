// The last filter before any output: what may be a secret does not pass.
#include <gtest/gtest.h>

#include "observe/credentials.h"

namespace ddsync::observe {
namespace {

struct Masked {
  std::string_view text;
  std::string_view shown;
};

class Credentials : public testing::TestWithParam<Masked> {};

TEST_P(Credentials, AreMaskedInText) { EXPECT_EQ(mask_credentials(GetParam().text), GetParam().shown); }

INSTANTIATE_TEST_SUITE_P(
    Uris, Credentials,
    testing::Values(Masked{"cannot reach mongodb://u:cAnArY@h:1/?tls=true now",
                           "cannot reach mongodb://***:***@h:1/?tls=true now"},
                    Masked{"mongodb+srv://u:cAn%40ArY@h.x.y", "mongodb+srv://***:***@h.x.y"},
                    Masked{"MongoDB://u:cAnArY@h", "MongoDB://***:***@h"},
                    Masked{"amqp://u:cAnArY@h/x", "amqp://***:***@h/x"},
                    Masked{"a mongodb://u:cAnArY@h, b mongodb://v:cAnArY@i.",
                           "a mongodb://***:***@h, b mongodb://***:***@i."},
                    Masked{"'mongodb://u:cAnArY@h:1'", "'mongodb://***:***@h:1'"},
                    Masked{"(mongodb://h:1): refused", "(mongodb://h:1): refused"},
                    Masked{"mongodb://u:cAn'Ar\"Y@h", "mongodb://***:***@h"},
                    Masked{"mongodb://u:cAn/ArY@h", "mongodb://***"},
                    Masked{"mongodb://u:cAn@ArY@h", "mongodb://***:***@h"},
                    Masked{"mongodb://u:cAnArY", "mongodb://***"},
                    Masked{"mongodb://u:a://cAnArY@h", "mongodb://***"},
                    Masked{"mongodb://a:1,mongodb://u:cAnArY@h", "mongodb://***"},
                    Masked{"{\"uri\":\"mongodb://u:cAnArY@h\",\"x\":1}", "{\"uri\":\"mongodb://***}"},
                    Masked{"mongodb://h/?tlsCertificateKeyFilePassword=cAnArY&a=b",
                           "mongodb://h/?tlsCertificateKeyFilePassword=***&a=b"},
                    Masked{"mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN:cAnArY,A:b",
                           "mongodb://h/?authMechanismProperties=***"},
                    Masked{"mongodb://", "mongodb://"}, Masked{"://u:cAnArY@h", "://***:***@h"}));

INSTANTIATE_TEST_SUITE_P(Options, Credentials,
                         testing::Values(Masked{"the option tlsCertificateKeyFilePassword=cAnArY is wrong",
                                                "the option tlsCertificateKeyFilePassword=*** is wrong"},
                                         Masked{"password=\"cAn ArY\" x", "password=*** x"},
                                         Masked{"password='cAn ArY", "password=***"},
                                         Masked{"PASSWORD=cAnArY,user=u", "PASSWORD=***,user=u"},
                                         Masked{"client_secret=cAnArY;x", "client_secret=***;x"},
                                         Masked{"authMechanismProperties=AWS_SESSION_TOKEN:cAnArY",
                                                "authMechanismProperties=***"},
                                         Masked{"password=cAnArY mongodb://h password=cAnArY",
                                                "password=*** mongodb://h password=***"},
                                         Masked{"password=", "password=***"}));

INSTANTIATE_TEST_SUITE_P(
    Others, Credentials,
    testing::Values(Masked{"", ""}, Masked{"status: applied=5 rate=1.0/s", "status: applied=5 rate=1.0/s"},
                    Masked{"a = b", "a = b"}, Masked{"wrong password: check it", "wrong password: check it"},
                    Masked{"see https://example.org/a?b=c.", "see https://example.org/a?b=c."}));

TEST(Credentials, OfATextCutOffAnywhereAreMasked) {
  const std::string text =
      "x "
      "\"mongodb://us3r:cAn:Ar,Y@h:1/"
      "db?tlsCertificateKeyFilePassword=cAnArY&authMechanismProperties=T:cAnArY\" y";
  for (size_t size = 0; size <= text.size(); ++size) {
    const std::string shown = mask_credentials(text.substr(0, size));
    EXPECT_EQ(shown.find("cA"), std::string::npos) << shown;
  }
}

}  // namespace
}  // namespace ddsync::observe
