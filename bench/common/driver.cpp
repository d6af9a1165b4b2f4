#include "common/driver.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace ddsync::bench {

void fail(const std::string& what) {
  fmt::print(stderr, "{}\n", what);
  std::exit(1);
}

void fail(const std::string& what, const bson_error_t& error) {
  fail(fmt::format("{}: {} ({}.{})", what, &error.message[0], error.domain, error.code));
}

ClientHandle connect(const std::string& uri) {
  ClientHandle client(mongoc_client_new(uri.c_str()));
  if (!client) fail("this is no connection string");
  const BsonHandle ping = from_json(R"({"ping": 1})");
  bson_error_t error;
  if (!mongoc_client_command_simple(client.get(), "admin", ping.get(), nullptr, nullptr, &error))
    fail("cannot connect", error);
  return client;
}

BsonHandle from_json(const std::string& json) {
  bson_error_t error;
  bson_t* document = bson_new_from_json(reinterpret_cast<const uint8_t*>(json.data()),
                                        static_cast<ssize_t>(json.size()), &error);
  if (document == nullptr) fail("not JSON: " + json, error);
  return BsonHandle(document);
}

}  // namespace ddsync::bench
