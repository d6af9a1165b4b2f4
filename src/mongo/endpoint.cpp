#include "mongo/endpoint.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>

#include "mongo/change_stream_impl.h"
#include "mongo/copy_planner_impl.h"
#include "mongo/inspector_impl.h"
#include "mongo/pools.h"
#include "mongo/range_reader_impl.h"
#include "mongo/reader_impl.h"
#include "mongo/server_error.h"
#include "mongo/server_info.h"
#include "mongo/uri.h"
#include "mongo/writer_impl.h"

namespace ddsync::mongo {
namespace {

constexpr int32_t kPatientTimeout_ms = 3'600'000;

// The driver logs to the terminal what it does not like in a URI, with its text: errors come back as values
// here.
void discard_log(mongoc_log_level_t, const char*, const char*, void*) {}

HostHints host_hints(const mongoc_uri_t* uri) {
  // .com, and .cn and .us of the clouds of China and of the US government.
  return {.azure_documentdb = has_host_within(uri, ".mongocluster.cosmos.azure."),
          .cosmosdb_ru =
              has_host_within(uri, ".mongo.cosmos.azure.") || has_host_within(uri, ".documents.azure.")};
}

Result<Reply> run_admin(Connection& connection, const char* name) {
  Bson command;
  bson_append_int32(command.get(), name, -1, 1);
  return connection.read(ErrorContext::connect, "admin", *command.get());
}

// The driver leaves servers of another set out without a word.
Error with_name_of_set(Error error, const mongoc_uri_t* uri) {
  const char* set = mongoc_uri_get_replica_set(uri);
  const bool nobody_fits = error.message.find("No suitable servers") != std::string::npos &&
                           error.message.find('[') == std::string::npos;
  if (set != nullptr && nobody_fits)
    error.message += fmt::format(" (is '{}' the name of the replica set, and has it a primary?)", set);
  return error;
}

}  // namespace

Driver::Driver() {
  mongoc_log_set_handler(discard_log, nullptr);
  mongoc_init();
  // Counters for the driver's own tool, made when the library is loaded. A killed process would leave the
  // file, and of the next one with its number (in a container: each) the driver complains before it can be
  // silenced.
  shm_unlink(("/mongoc-" + std::to_string(getpid())).c_str());
}

Driver::~Driver() { mongoc_cleanup(); }

std::string uri_fault(const std::string& uri) {
  const auto parsed = parse_uri({.uri = uri});
  return parsed ? std::string() : parsed.error().message;
}

struct Endpoint::Impl {
  // The usual one where a second one cannot be had.
  mongoc_client_pool_t* patient() {
    std::call_once(patient_made, [this] {
      const UriHandle longer(mongoc_uri_copy(uri.get()));
      mongoc_uri_set_option_as_int32(longer.get(), MONGOC_URI_SOCKETTIMEOUTMS,
                                     std::max(usual_timeout_ms(), kPatientTimeout_ms));
      bson_error_t failure = {};
      patient_pool = make_pool(longer.get(), failure);
    });
    return patient_pool ? patient_pool.get() : pool.get();
  }
  int32_t usual_timeout_ms() const {
    return mongoc_uri_get_option_as_int32(uri.get(), MONGOC_URI_SOCKETTIMEOUTMS, 0);
  }

  UriHandle uri;
  PoolHandle pool;
  std::once_flag patient_made;
  PoolHandle patient_pool;
  std::atomic<int64_t> transaction_number{0};
  ValidatorBypass validator_bypass;
};

Endpoint::Endpoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Endpoint::~Endpoint() = default;

Result<std::unique_ptr<Endpoint>> Endpoint::create(const EndpointOptions& options) {
  auto uri = parse_uri(options);
  if (!uri) return tl::unexpected(uri.error());
  auto impl = std::make_unique<Impl>();
  impl->uri = std::move(*uri);
  bson_error_t failure = {};
  impl->pool = make_pool(impl->uri.get(), failure);
  if (!impl->pool) {
    // Of mongodb+srv: the name service does not know the host, now or ever.
    Error error = make_error(ErrorContext::connect, kErrorNetwork, "", failure.message);
    return tl::unexpected(std::move(error));
  }
  return std::unique_ptr<Endpoint>(new Endpoint(std::move(impl)));
}

Result<ServerInfo> Endpoint::describe() {
  Connection connection(impl_->pool.get());
  auto hello = run_admin(connection, "hello");
  constexpr int command_not_found = 59;
  if (!hello && hello.error().code == command_not_found) hello = run_admin(connection, "isMaster");
  if (!hello) return tl::unexpected(with_name_of_set(hello.error(), impl_->uri.get()));
  const auto build_info = run_admin(connection, "buildInfo");
  return parse_server_info(hello->view(), build_info ? build_info->view() : DocumentView(),
                           host_hints(impl_->uri.get()));
}

std::unique_ptr<ChangeStream> Endpoint::change_stream(const WatchScope& scope) {
  return std::make_unique<RawChangeStream>(
      Pools{.usual = impl_->pool.get(),
            .usual_timeout = std::chrono::milliseconds(impl_->usual_timeout_ms()),
            .patient = [impl = impl_.get()] { return impl->patient(); }},
      scope);
}

std::unique_ptr<Writer> Endpoint::writer(const TargetLimits& limits) {
  return std::make_unique<CommandWriter>(impl_->pool.get(), limits, impl_->transaction_number,
                                         impl_->validator_bypass);
}

std::unique_ptr<Reader> Endpoint::reader() { return std::make_unique<CommandReader>(impl_->pool.get()); }

std::unique_ptr<CopyPlanner> Endpoint::copy_planner() {
  return std::make_unique<CommandPlanner>(impl_->pool.get(), [this] { return describe(); });
}

std::unique_ptr<RangeReader> Endpoint::range_reader() {
  return std::make_unique<RawRangeReader>(impl_->pool.get());
}

std::unique_ptr<Inspector> Endpoint::inspector() {
  return std::make_unique<CommandInspector>(impl_->pool.get());
}

}  // namespace ddsync::mongo
