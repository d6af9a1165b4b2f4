// One server (source or target) over libmongoc: a client pool and what the server said of itself.
// Thread-safety: an Endpoint may be used by many threads; what it makes belongs to one thread each.
// Errors are values; every message is free of credentials.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bson/owned.h"
#include "engine/error.h"
#include "engine/namespace.h"
#include "engine/write.h"

namespace ddsync::mongo {

template <typename T>
using Result = tl::expected<T, Error>;

// Initialises and cleans up libmongoc; one object for the life of the process, made before any thread.
class Driver {
 public:
  Driver();
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
};

// Why no Endpoint can be made of it: names the part that is wrong, never its text; empty when one can. Needs
// a Driver.
std::string uri_fault(const std::string& uri);

// Has the driver look for servers anew for all who wait for one, in every Endpoint. libmongoc 1.23 waits by
// the wall clock, in its monitors and where a server is selected: set back, both would sleep for as long as
// it was. Returns at once; false when the system gave no thread for it: call it again.
bool wake_waiting();

struct ServerInfo {
  std::string
      description;      // for the log: "DocumentDB 0.112 (wire version 21)", "MongoDB 8.2, replica set rs0"
  std::string version;  // "8.2.11", "0.112-0"; empty when not told
  bool is_documentdb = false;        // `internal` in hello or buildInfo
  bool is_azure_documentdb = false;  // the managed form, known by its host
  bool is_cosmosdb_ru = false;  // the RU-based engine: without deletes in its streams, refused as a source
  bool is_replica_set_or_mongos = false;  // change streams and transaction numbers need it
  std::string replica_set;                // hello.setName; "" when there is none
  TargetLimits limits;  // clamped to 25 000 operations; 16 MiB a command (no document sequences)
  // hello.topologyVersion.processId (hex), "" when the server gives none: the same on both sides = the same
  // server.
  std::string process_id;
  int64_t local_time_ms = 0;  // its wall clock when it answered, since 1970; 0 when not told
};

class ChangeStream;
class Inspector;
class Writer;
class Reader;
class CopyPlanner;
class RangeReader;

struct EndpointOptions {
  std::string uri;               // mongodb:// or mongodb+srv://
  uint32_t connections_max = 0;  // pool size: at least streams + 4 or writers + 4
  std::string application = "documentdb-sync";
  int64_t server_selection_timeout_ms = 5'000;
  int64_t socket_timeout_ms = 60'000;
};

class Endpoint {
 public:
  // Parses the URI and makes the pool; does not connect. The error names the part of the URI that is wrong,
  // never its text.
  static Result<std::unique_ptr<Endpoint>> create(const EndpointOptions& options);
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // `hello` (and buildInfo): one round trip, also the probe that an outage is over.
  Result<ServerInfo> describe();

  std::unique_ptr<ChangeStream> change_stream(const WatchScope& scope);
  // With `refuses_late_writes` each command has lsid and a rising txnNumber, see Writer.
  std::unique_ptr<Writer> writer(const TargetLimits& limits);
  std::unique_ptr<Reader> reader();
  std::unique_ptr<CopyPlanner> copy_planner();
  std::unique_ptr<RangeReader> range_reader();
  std::unique_ptr<Inspector> inspector();

 private:
  struct Impl;
  explicit Endpoint(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ddsync::mongo
