// One client of the pool and its session, taken when first needed: what a stream, a writer or a reader runs
// its commands on. Internal to mongo/. Thread-safety: one thread. Errors: the server's, the driver's, and
// kErrorProtocol for a reply whose `ok` is not true.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "mongo/endpoint.h"
#include "mongo/handles.h"

namespace ddsync::mongo {

// A cursor is killed only at a server that answered just now: a dead one would hold us for the socket
// timeout.
inline constexpr auto kKnownAlive = std::chrono::seconds(3);

class Connection {
 public:
  // Reads go to the primary, or where the URI's read preference says.
  enum class ReadFrom : uint8_t { primary, preferred };

  explicit Connection(mongoc_client_pool_t* pool, ReadFrom read_from = ReadFrom::primary)
      : pool_(pool), read_from_(read_from) {}

  // Runs a command that reads, at the server `server_id` (0 = any that reads may go to).
  Result<Reply> read(ErrorContext context, const std::string& database, const bson_t& command,
                     uint32_t server_id = 0);
  // Runs a command that writes, at the primary. A write concern error in the reply is a reply, not an error.
  Result<Reply> write(ErrorContext context, const std::string& database, const bson_t& command);

  // A server that reads go to at present.
  Result<uint32_t> select_server(ErrorContext context);

  // Gives client and session back. The next command takes others.
  void release();

 private:
  Result<void> prepare(ErrorContext context);
  Result<void> take_client(ErrorContext context);
  Result<void> start_session(ErrorContext context);
  void append_session(Bson& options) const;
  const mongoc_read_prefs_t* preference() const;
  void probe_when_idle();

  mongoc_client_pool_t* pool_;
  ReadFrom read_from_;
  ClientHandle client_;
  SessionHandle session_;  // ends before its client is given back
  std::chrono::steady_clock::time_point last_use_;
};

}  // namespace ddsync::mongo
