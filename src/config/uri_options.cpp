#include "config/uri_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/edit_distance.h"
#include "config/plain_text.h"
#include "engine/utf8.h"

namespace ddsync::config {
namespace {

constexpr size_t kToldBytesMax = 60;
constexpr auto kOff = std::to_array<std::string_view>({"false", "f", "no", "n", "0"});

// libmongoc's mongoc-uri.h and mongoc_uri_t(3).
constexpr auto kKnown = std::to_array<std::string_view>({"appName",
                                                         "authMechanism",
                                                         "authMechanismProperties",
                                                         "authSource",
                                                         "canonicalizeHostname",
                                                         "compressors",
                                                         "connectTimeoutMS",
                                                         "directConnection",
                                                         "gssapiServiceName",
                                                         "heartbeatFrequencyMS",
                                                         "journal",
                                                         "loadBalanced",
                                                         "localThresholdMS",
                                                         "maxIdleTimeMS",
                                                         "maxPoolSize",
                                                         "maxStalenessSeconds",
                                                         "minPoolSize",
                                                         "readConcernLevel",
                                                         "readPreference",
                                                         "readPreferenceTags",
                                                         "replicaSet",
                                                         "retryReads",
                                                         "retryWrites",
                                                         "safe",
                                                         "serverMonitoringMode",
                                                         "serverSelectionTimeoutMS",
                                                         "serverSelectionTryOnce",
                                                         "slaveOk",
                                                         "socketCheckIntervalMS",
                                                         "socketTimeoutMS",
                                                         "srvMaxHosts",
                                                         "srvServiceName",
                                                         "ssl",
                                                         "sslAllowInvalidCertificates",
                                                         "sslAllowInvalidHostnames",
                                                         "sslCertificateAuthorityFile",
                                                         "sslClientCertificateKeyFile",
                                                         "sslClientCertificateKeyPassword",
                                                         "tls",
                                                         "tlsAllowInvalidCertificates",
                                                         "tlsAllowInvalidHostnames",
                                                         "tlsCAFile",
                                                         "tlsCertificateKeyFile",
                                                         "tlsCertificateKeyFilePassword",
                                                         "tlsDisableCertificateRevocationCheck",
                                                         "tlsDisableOCSPEndpointCheck",
                                                         "tlsInsecure",
                                                         "w",
                                                         "waitQueueMultiple",
                                                         "waitQueueTimeoutMS",
                                                         "wTimeoutMS",
                                                         "zlibCompressionLevel"});

// A word that could be a slip of this one, or none.
std::string_view nearest(std::string_view name) {
  constexpr size_t kSlipsMax = 3;
  std::string_view best;
  size_t distance = kSlipsMax + 1;
  for (const std::string_view known : kKnown) {
    const size_t of_this = edit_distance(lower(known), name);
    if (of_this >= distance || of_this * 2 > name.size()) continue;
    best = known;
    distance = of_this;
  }
  return best;
}

}  // namespace

std::vector<UnknownOption> unknown_options(std::string_view uri) {
  std::vector<UnknownOption> result;
  for (const UriOption& option : options_of(uri)) {
    const std::string name = lower(option.name);
    if (std::ranges::any_of(kKnown, [&](std::string_view known) { return lower(known) == name; })) continue;
    std::string told =
        fmt::format("the option {} is not known", shortened(one_line(option.name), kToldBytesMax));
    if (const std::string_view meant = nearest(name); !meant.empty())
      told += fmt::format(", did you mean {}?", meant);
    result.push_back({std::move(told), name.starts_with("tls") || name.starts_with("ssl")});
  }
  return result;
}

bool is_on(const UriOption& option) { return std::ranges::find(kOff, lower(option.value)) == kOff.end(); }

bool is_encrypted(std::string_view uri) {
  bool encrypted = is_srv(uri);
  bool decided = false;
  for (const UriOption& option : options_of(uri)) {
    const std::string name = lower(option.name);
    if (name == "tls" || name == "ssl") {
      encrypted = is_on(option);
      decided = true;
    } else if (!decided && (name.starts_with("tls") || name.starts_with("ssl"))) {
      encrypted = true;
    }
  }
  return encrypted;
}

}  // namespace ddsync::config
