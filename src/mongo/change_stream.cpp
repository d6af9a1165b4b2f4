#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "mongo/change_stream_impl.h"
#include "mongo/raw_batch.h"
#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

// How long an idle getMore waits at the server: a stop must not wait longer.
constexpr int64_t kIdleWait_ms = 1'000;
// Managed servers may answer an idle getMore at once and with nothing: do not spin.
constexpr auto kEarlyAnswer = std::chrono::milliseconds(100);
constexpr uint32_t kEarlyAnswersFree = 3;
constexpr uint32_t kPauseDoublings_max = 8;  // 1 ms .. 256 ms

constexpr int32_t kEventsOfClosedHistory = 1'000;
// MongoDB looks through all that was written since the position for the first change of this stream, in one
// read, and begins anew when it is asked again: after hours of a busy server that takes longer than other
// commands may.
constexpr uint32_t kUnansweredReads = 2;

// How servers refuse an option that they do not know: MongoDB before 6.0 says 40415, with a strict API
// version 323; others what they like. Some of these stand for a bad token, too: then the same is refused
// without the option.
constexpr auto kRefusedOption = std::to_array<int>({2, 9, 14, 72, 115, 238, 323, 40415});

bool may_refuse_option(const Error& error) {
  return std::find(kRefusedOption.begin(), kRefusedOption.end(), error.code) != kRefusedOption.end() ||
         error.message.find("showExpandedEvents") != std::string::npos;
}

void append_token(bson_t* stage, const char* name, const ResumeToken& token) {
  bson_t document;
  if (bson_init_static(&document, token.view().data, token.view().size))
    bson_append_document(stage, name, -1, &document);
}

void append_position(bson_t* stage, const StreamPosition& position) {
  switch (position.kind) {
    case PositionKind::none:
      return;
    case PositionKind::resume_after:
      append_token(stage, "resumeAfter", position.token);
      return;
    case PositionKind::start_after:
      append_token(stage, "startAfter", position.token);
      return;
    case PositionKind::operation_time:
      bson_append_timestamp(stage, "startAtOperationTime", -1,
                            static_cast<uint32_t>(position.operation_time >> 32),
                            static_cast<uint32_t>(position.operation_time));
      return;
  }
}

// {$unset: ["updateDescription"]}: what is left of an event is little more than its document.
void append_lean_stage(bson_t* pipeline) {
  bson_t stage;
  bson_t fields;
  bson_append_document_begin(pipeline, "1", -1, &stage);
  bson_append_array_begin(&stage, "$unset", -1, &fields);
  bson_append_utf8(&fields, "0", -1, "updateDescription", -1);
  bson_append_array_end(&stage, &fields);
  bson_append_document_end(pipeline, &stage);
}

// {aggregate: <collection> | 1, pipeline: [{$changeStream: {...}}], cursor: {batchSize: <events>}}
void append_aggregate(Bson& command, const WatchScope& scope, const StreamPosition& position, int32_t events,
                      bool expanded, bool lean) {
  const std::string& collection = scope.ns.collection;
  if (scope.level == ScopeLevel::collection)
    bson_append_utf8(command.get(), "aggregate", -1, collection.c_str(), static_cast<int>(collection.size()));
  else
    bson_append_int32(command.get(), "aggregate", -1, 1);
  bson_t pipeline;
  bson_t element;
  bson_t stage;
  bson_append_array_begin(command.get(), "pipeline", -1, &pipeline);
  bson_append_document_begin(&pipeline, "0", -1, &element);
  bson_append_document_begin(&element, "$changeStream", -1, &stage);
  bson_append_utf8(&stage, "fullDocument", -1, "updateLookup", -1);
  if (expanded) bson_append_bool(&stage, "showExpandedEvents", -1, true);
  append_position(&stage, position);
  if (scope.level == ScopeLevel::cluster) bson_append_bool(&stage, "allChangesForCluster", -1, true);
  bson_append_document_end(&element, &stage);
  bson_append_document_end(&pipeline, &element);
  if (lean) append_lean_stage(&pipeline);
  bson_append_array_end(command.get(), &pipeline);
  bson_t cursor;
  bson_append_document_begin(command.get(), "cursor", -1, &cursor);
  bson_append_int32(&cursor, "batchSize", -1, events);
  bson_append_document_end(command.get(), &cursor);
}

uint64_t as_timestamp(const ValueView& value) {
  uint64_t timestamp = 0;
  if (value.type == BsonType::timestamp) std::memcpy(&timestamp, value.data, sizeof timestamp);
  return timestamp;
}

StreamPosition start_position(DocumentView reply, const RawBatch& batch) {
  if (!batch.post_batch_token.empty())
    return {.kind = PositionKind::resume_after, .token = ResumeToken(batch.post_batch_token)};
  if (const uint64_t time = as_timestamp(find_value(reply, "operationTime")); time != 0)
    return {.kind = PositionKind::operation_time, .token = {}, .operation_time = time};
  return {};
}

}  // namespace

RawChangeStream::RawChangeStream(Pools pools, const WatchScope& scope)
    : pools_(std::move(pools)),
      connection_(pools_.usual, Connection::ReadFrom::preferred),
      scope_(scope),
      database_(scope.level == ScopeLevel::cluster ? "admin" : scope.ns.database) {}

RawChangeStream::~RawChangeStream() { close(); }

Result<StreamPosition> RawChangeStream::open(const StreamPosition& position) {
  close();
  const bool patient = unanswered_reads_ >= kUnansweredReads;
  connection_ = Connection(patient ? pools_.patient() : pools_.usual, Connection::ReadFrom::preferred);
  const auto server = connection_.select_server(ErrorContext::stream_open);
  if (!server) return tl::unexpected(server.error());
  server_ = *server;
  auto start = aggregate(position, 0);
  // secantusd 0.5.3 gives no cursor for a history that ends in an invalidate, and leaves out what was not
  // asked for. The position is durable here, so events may come at once; the rest is read by opening again
  // after them.
  if (start && cursor_ == 0 && !first_ && position.known())
    return aggregate(position, kEventsOfClosedHistory);
  return start;
}

Result<Reply> RawChangeStream::send_aggregate(const StreamPosition& position, int32_t events) {
  const auto send = [&](bool expanded) {
    Bson command;
    append_aggregate(command, scope_, position, events, expanded, lean_);
    return connection_.read(ErrorContext::stream_open, database_, *command.get(), server_);
  };
  auto reply = send(expanded_);
  if (reply || !expanded_ || !may_refuse_option(reply.error())) return reply;
  auto plain = send(false);
  if (plain) expanded_ = false;
  return plain;
}

Result<StreamPosition> RawChangeStream::aggregate(const StreamPosition& position, int32_t events) {
  auto reply = send_aggregate(position, events);
  if (!reply) {
    Error error = std::move(reply.error());
    if (position.known() && become_lean(error)) return aggregate(position, events);
    // Without a position there is no history to lose and no event in the way: the server does not like
    // something else.
    const bool of_position =
        error.treatment == Treatment::history_lost || error.treatment == Treatment::event_too_large;
    if (!position.known() && of_position) error.treatment = Treatment::retry;
    return tl::unexpected(std::move(error));
  }
  last_answer_ = Clock::now();
  const DocumentView bytes = reply->view();  // stays where it is when the reply moves
  const auto cursor = read_cursor(ErrorContext::stream_open, bytes, "firstBatch");
  if (!cursor) return tl::unexpected(cursor.error());
  remember_cursor(*cursor);
  RawBatch batch = to_raw_batch(std::move(*reply), *cursor);
  StreamPosition start = start_position(bytes, batch);
  // The token of a closed cursor may stand after events that were left out: only the events' own count.
  if (cursor_ == 0) batch.post_batch_token = {};
  if (has_documents(batch)) first_ = std::move(batch);
  return start;
}

void RawChangeStream::remember_cursor(const CursorReply& cursor) {
  cursor_ = cursor.id;
  const size_t dot = cursor.ns.find('.');
  collection_ = dot == std::string_view::npos ? std::string() : std::string(cursor.ns.substr(dot + 1));
}

Result<RawBatch> RawChangeStream::next(uint32_t events_max) {
  if (first_) {
    RawBatch batch = std::move(*first_);
    first_.reset();
    return batch;
  }
  if (cursor_ == 0)
    return tl::unexpected(
        make_error(ErrorContext::stream_read, kCursorNotFound, "", "the server has closed the cursor"));
  const Clock::time_point asked = Clock::now();
  auto batch = get_more(events_max);
  if (batch) {
    last_answer_ = Clock::now();
    unanswered_reads_ = 0;
    pace(*batch, asked);
    return batch;
  }
  cursor_ = 0;
  if (batch.error().code == kErrorNetwork && Clock::now() - asked >= pools_.usual_timeout / 2)
    ++unanswered_reads_;
  if (Error& error = batch.error(); become_lean(error)) {
    error.treatment = Treatment::cursor_lost;
    error.message += "; it is read again without the descriptions of updates";
  }
  return batch;
}

// The description of an update that touches everything is as large as the document beside it, and together
// they outgrow what a server can deliver. Nothing here needs it, but leaving it out costs the server time, so
// that it is left out only once it was in the way. True when that is new.
bool RawChangeStream::become_lean(const Error& error) {
  return error.treatment == Treatment::event_too_large && !std::exchange(lean_, true);
}

Result<RawBatch> RawChangeStream::get_more(uint32_t events_max) {
  auto reply = send_get_more(events_max);
  // DocumentDB takes the time to wait for one that the statement may take. Whether it was idle or slow it
  // does not say; asked without, it waits for about a second.
  if (!reply && reply.error().code == kMaxTimeExpired && std::exchange(limits_wait_, false))
    reply = send_get_more(events_max);
  if (!reply) return tl::unexpected(std::move(reply.error()));
  // With a token but without its events it would take the position past them.
  const auto cursor = read_cursor(ErrorContext::stream_read, reply->view(), "nextBatch");
  if (!cursor) return tl::unexpected(cursor.error());
  cursor_ = cursor->id;
  RawBatch batch = to_raw_batch(std::move(*reply), *cursor);
  if (cursor_ == 0) batch.post_batch_token = {};
  return batch;
}

Result<Reply> RawChangeStream::send_get_more(uint32_t events_max) {
  Bson command;
  bson_append_int64(command.get(), "getMore", -1, cursor_);
  bson_append_utf8(command.get(), "collection", -1, collection_.c_str(),
                   static_cast<int>(collection_.size()));
  bson_append_int32(command.get(), "batchSize", -1, static_cast<int32_t>(std::max(events_max, 1u)));
  // int64: DocumentDB ignores an int32 here.
  if (limits_wait_) bson_append_int64(command.get(), "maxTimeMS", -1, kIdleWait_ms);
  return connection_.read(ErrorContext::stream_read, database_, *command.get(), server_);
}

void RawChangeStream::pace(const RawBatch& batch, Clock::time_point asked) {
  if (has_documents(batch) || last_answer_ - asked >= kEarlyAnswer) {
    early_answers_ = 0;
    return;
  }
  if (++early_answers_ <= kEarlyAnswersFree) return;
  const uint32_t doublings = std::min(early_answers_ - kEarlyAnswersFree - 1, kPauseDoublings_max);
  std::this_thread::sleep_for(std::chrono::milliseconds(1u << doublings));
}

void RawChangeStream::kill_cursor() {
  if (cursor_ == 0 || Clock::now() - last_answer_ > kKnownAlive) return;
  Bson command;
  bson_append_utf8(command.get(), "killCursors", -1, collection_.c_str(),
                   static_cast<int>(collection_.size()));
  bson_t cursors;
  bson_append_array_begin(command.get(), "cursors", -1, &cursors);
  bson_append_int64(&cursors, "0", -1, cursor_);
  bson_append_array_end(command.get(), &cursors);
  // Best effort: a cursor that stays is closed by the server's own timeout.
  static_cast<void>(connection_.read(ErrorContext::stream_read, database_, *command.get(), server_));
}

void RawChangeStream::close() {
  kill_cursor();
  cursor_ = 0;
  early_answers_ = 0;
  first_.reset();
  connection_.release();
}

}  // namespace ddsync::mongo
