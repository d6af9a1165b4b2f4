#include "mongo/uri.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ddsync::mongo {
namespace {

constexpr int32_t kConnectTimeout_ms = 10'000;
// An outage is noticed by the commands that fail; the end of one is looked for twice a second while a command
// waits. The heartbeat only matters in quiet times.
constexpr int32_t kHeartbeat_ms = 5'000;
constexpr int32_t kWaitForClient_ms = 5'000;

// Options that may be named in a message: words of the driver's documentation, never of the URI.
constexpr auto kOptionNames = std::to_array<std::string_view>({"tlsAllowInvalidCertificates",
                                                               "tlsAllowInvalidHostnames",
                                                               "tlsCertificateKeyFilePassword",
                                                               "tlsCertificateKeyFile",
                                                               "tlsCAFile",
                                                               "tlsInsecure",
                                                               "tlsDisableOCSPEndpointCheck",
                                                               "tlsDisableCertificateRevocationCheck",
                                                               "authMechanismProperties",
                                                               "authMechanism",
                                                               "authSource",
                                                               "directConnection",
                                                               "loadBalanced",
                                                               "replicaSet",
                                                               "readPreferenceTags",
                                                               "readPreference",
                                                               "readConcernLevel",
                                                               "maxStalenessSeconds",
                                                               "compressors",
                                                               "zlibCompressionLevel",
                                                               "connectTimeoutMS",
                                                               "socketTimeoutMS",
                                                               "serverSelectionTimeoutMS",
                                                               "heartbeatFrequencyMS",
                                                               "localThresholdMS",
                                                               "maxPoolSize",
                                                               "minPoolSize",
                                                               "maxIdleTimeMS",
                                                               "waitQueueTimeoutMS",
                                                               "wtimeoutMS",
                                                               "journal",
                                                               "retryWrites",
                                                               "retryReads",
                                                               "appName",
                                                               "srvServiceName",
                                                               "srvMaxHosts",
                                                               "tls",
                                                               "ssl"});

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string wrong_part(std::string_view driver_message) {
  const std::string message = lower(driver_message);
  const auto says = [&](std::string_view text) { return message.find(text) != std::string::npos; };
  if (says("schema")) return "it must begin with mongodb:// or mongodb+srv://";
  if (says("authentication mechanism"))
    return "user name, password and the option authMechanism do not go together; correct one of them";
  if (says("username") || says("password") || says("user info"))
    return "user name or password: special characters (: / ? # [ ] @ %) must be percent-encoded";
  if (says("srv uri") || says("service name"))
    return "the host: mongodb+srv:// takes one host name of at least three parts and no port";
  if (says("database")) return "the database name after the host; correct or remove it";
  constexpr std::string_view wrong = "has a wrong value or does not go with the rest; correct or remove it";
  for (const std::string_view name : kOptionNames)
    if (says("\"" + lower(name) + "\"") || says(lower(name) + " "))
      return fmt::format("the option {} {}", name, wrong);
  if (says("host")) return "the host list; correct it";
  return fmt::format("an option after the '?' {}", wrong);
}

bool has_option(const mongoc_uri_t* uri, const char* name) {
  bson_iter_t iterator;
  return bson_iter_init_find_case(&iterator, mongoc_uri_get_options(uri), name);
}

void set_default(mongoc_uri_t* uri, const char* name, int64_t value) {
  if (!has_option(uri, name)) mongoc_uri_set_option_as_int32(uri, name, static_cast<int32_t>(value));
}

void apply_options(mongoc_uri_t* uri, const EndpointOptions& options) {
  if (!has_option(uri, MONGOC_URI_APPNAME)) mongoc_uri_set_appname(uri, options.application.c_str());
  set_default(uri, MONGOC_URI_CONNECTTIMEOUTMS, kConnectTimeout_ms);
  set_default(uri, MONGOC_URI_HEARTBEATFREQUENCYMS, kHeartbeat_ms);
  set_default(uri, MONGOC_URI_SOCKETTIMEOUTMS, options.socket_timeout_ms);
  set_default(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, options.server_selection_timeout_ms);
  set_default(uri, MONGOC_URI_WAITQUEUETIMEOUTMS, kWaitForClient_ms);
  const int32_t wanted = mongoc_uri_get_option_as_int32(uri, MONGOC_URI_MAXPOOLSIZE, 100);
  mongoc_uri_set_option_as_int32(uri, MONGOC_URI_MAXPOOLSIZE,
                                 std::max(wanted, static_cast<int32_t>(options.connections_max)));
  // The engine decides about every retry: the driver's own would hide an unknown outcome.
  mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, false);
  mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, false);
}

// The writer's sessions need answers, and so does every checkpoint.
bool is_acknowledged(const mongoc_uri_t* uri) {
  return mongoc_write_concern_is_acknowledged(mongoc_uri_get_write_concern(uri));
}

tl::unexpected<Error> wrong_uri(const std::string& why) {
  return tl::unexpected(Error{.code = kErrorProtocol,
                              .code_name = "BadUri",
                              .message = "the connection string is wrong: " + why,
                              .treatment = Treatment::fatal});
}

}  // namespace

Result<UriHandle> parse_uri(const EndpointOptions& options) {
  bson_error_t failure = {};
  UriHandle uri(mongoc_uri_new_with_error(options.uri.c_str(), &failure));
  if (!uri) return wrong_uri(wrong_part(failure.message));
  if (!is_acknowledged(uri.get()))
    return wrong_uri(
        "with w=0 (or safe=false) no server says whether a write has arrived; remove the option, or write "
        "w=majority");
  apply_options(uri.get(), options);
  return uri;
}

bool has_host_within(const mongoc_uri_t* uri, std::string_view domain) {
  if (const char* srv = mongoc_uri_get_srv_hostname(uri);
      srv != nullptr && lower(srv).find(domain) != std::string::npos)
    return true;
  for (const mongoc_host_list_t* host = mongoc_uri_get_hosts(uri); host != nullptr; host = host->next)
    if (lower(&host->host[0]).find(domain) != std::string::npos) return true;
  return false;
}

}  // namespace ddsync::mongo
