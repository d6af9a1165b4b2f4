#include "mongo/connection.h"

#include <utility>

#include "mongo/reply.h"
#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

using Clock = std::chrono::steady_clock;

// Gateways close idle connections (Azure: after 120 s). Found out by a write, that is a write of unknown
// outcome; found out by a ping, it is nothing.
constexpr auto kIdleBeforeProbe = std::chrono::seconds(20);

bson_error_t no_failure() { return {}; }

// libmongoc 1.23 takes a reply for a success that has no `ok` at all, and a failure that gives neither code
// nor text: {ok: 0}.
Result<Reply> if_it_says_ok(ErrorContext context, Reply reply) {
  if (says_ok(reply.view())) return reply;
  return tl::unexpected(damaged_reply(context, "a reply that says neither that it is done nor why not"));
}

}  // namespace

Result<void> Connection::take_client(ErrorContext context) {
  if (client_) return {};
  client_ = ClientHandle(mongoc_client_pool_pop(pool_), GiveBack{pool_});
  if (client_) return {};
  Error error = make_error(context, kErrorNetwork, "", "no free connection in the pool");
  error.outcome_unknown = false;
  return tl::unexpected(std::move(error));
}

// A session of our own: cursors belong to the session that opened them, transaction numbers rise within one.
// Without causal consistency: it would add afterClusterTime to reads.
Result<void> Connection::start_session(ErrorContext context) {
  if (session_) return {};
  const SessionOptionsHandle options(mongoc_session_opts_new());
  mongoc_session_opts_set_causal_consistency(options.get(), false);
  bson_error_t failure = no_failure();
  session_.reset(mongoc_client_start_session(client_.get(), options.get(), &failure));
  const bool without_sessions =
      failure.domain == MONGOC_ERROR_CLIENT && failure.code == MONGOC_ERROR_CLIENT_SESSION_FAILURE;
  if (session_ || without_sessions) return {};
  return tl::unexpected(to_error(context, failure, {}));
}

Result<void> Connection::prepare(ErrorContext context) {
  if (auto taken = take_client(context); !taken) return taken;
  return start_session(context);
}

void Connection::append_session(Bson& options) const {
  if (session_) mongoc_client_session_append(session_.get(), options.get(), nullptr);
}

const mongoc_read_prefs_t* Connection::preference() const {
  return read_from_ == ReadFrom::preferred ? mongoc_client_get_read_prefs(client_.get()) : nullptr;
}

void Connection::probe_when_idle() {
  const Clock::time_point now = Clock::now();
  const bool idle = last_use_ != Clock::time_point() && now - last_use_ > kIdleBeforeProbe;
  last_use_ = now;
  if (!idle) return;
  Bson ping;
  bson_append_int32(ping.get(), "ping", -1, 1);
  bson_t reply;
  mongoc_client_write_command_with_opts(client_.get(), "admin", ping.get(), nullptr, &reply, nullptr);
  bson_destroy(&reply);
}

Result<Reply> Connection::read(ErrorContext context, const std::string& database, const bson_t& command,
                               uint32_t server_id) {
  if (auto ready = prepare(context); !ready) return tl::unexpected(ready.error());
  Bson options;
  append_session(options);
  if (server_id != 0) bson_append_int32(options.get(), "serverId", -1, static_cast<int32_t>(server_id));
  bson_t raw;
  bson_error_t failure = no_failure();
  const bool ok = mongoc_client_command_with_opts(client_.get(), database.c_str(), &command, preference(),
                                                  options.get(), &raw, &failure);
  Reply reply(raw);
  if (!ok) return tl::unexpected(to_error(context, failure, reply.view()));
  return if_it_says_ok(context, std::move(reply));
}

Result<Reply> Connection::write(ErrorContext context, const std::string& database, const bson_t& command) {
  if (auto ready = prepare(context); !ready) return tl::unexpected(ready.error());
  probe_when_idle();
  Bson options;
  append_session(options);
  bson_t raw;
  bson_error_t failure = no_failure();
  const bool ok = mongoc_client_write_command_with_opts(client_.get(), database.c_str(), &command,
                                                        options.get(), &raw, &failure);
  last_use_ = Clock::now();
  Reply reply(raw);
  if (!ok && failure.domain != MONGOC_ERROR_WRITE_CONCERN)
    return tl::unexpected(to_error(context, failure, reply.view()));
  return if_it_says_ok(context, std::move(reply));
}

Result<uint32_t> Connection::select_server(ErrorContext context) {
  if (auto taken = take_client(context); !taken) return tl::unexpected(taken.error());
  bson_error_t failure = no_failure();
  const ServerHandle server(mongoc_client_select_server(client_.get(), false, preference(), &failure));
  if (!server) return tl::unexpected(to_error(context, failure, {}));
  return mongoc_server_description_id(server.get());
}

void Connection::release() {
  session_.reset();
  client_.reset();
}

}  // namespace ddsync::mongo
