#include <algorithm>

#include "bson/writer.h"
#include "mongo/range_query.h"
#include "mongo/range_reader_impl.h"
#include "mongo/raw_batch.h"
#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

// All that the primary knows and will not take back. Without it a secondary may be behind the stream's
// position, and a document that is neither in the copy nor in the stream is lost.
std::string read_concern(uint64_t see_until) {
  return BsonWriter()
      .string("level", "majority")
      .int64("afterClusterTime", static_cast<int64_t>(see_until), BsonType::timestamp)
      .finish();
}

std::string find_command(const std::string& collection, DocumentView filter, uint32_t documents_max,
                         uint64_t see_until) {
  BsonWriter command;
  command.string("find", collection)
      .value("filter", ValueView{BsonType::document, filter.data, filter.size})
      .document("sort", BsonWriter().int32("_id", 1).finish())
      .int32("batchSize", static_cast<int32_t>(documents_max));
  if (see_until != 0) command.document("readConcern", read_concern(see_until));
  return command.finish();
}

// Given with every getMore: without it DocumentDB may send all the rest at once.
std::string get_more_command(int64_t cursor, const std::string& collection, uint32_t documents_max) {
  return BsonWriter()
      .int64("getMore", cursor)
      .string("collection", collection)
      .int32("batchSize", static_cast<int32_t>(documents_max))
      .finish();
}

std::string kill_command(int64_t cursor, const std::string& collection) {
  return BsonWriter()
      .string("killCursors", collection)
      .document("cursors", BsonWriter().int64("0", cursor).finish(), BsonType::array)
      .finish();
}

// Before any of them is copied: what stands behind a damaged one would be left out.
bool has_id(DocumentView document) { return !find_value(document, "_id").missing(); }

bson_t as_bson(const std::string& bytes) {
  bson_t bson;
  bson_init_static(&bson, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return bson;
}

}  // namespace

RawRangeReader::~RawRangeReader() { close(); }

Result<void> RawRangeReader::open(const CopyRange& range, const OwnedValue& after) {
  close();
  if (auto learned = learn_time(); !learned) return learned;
  const auto server = connection_.select_server(ErrorContext::find);
  if (!server) return tl::unexpected(server.error());
  server_ = *server;
  ns_ = range.ns;
  filters_ = range_filters(range, after);
  std::ranges::reverse(filters_);
  open_ = true;
  return {};
}

// For each range: the position of its stream was durable before, and those of others may be later.
Result<void> RawRangeReader::learn_time() {
  const std::string ping = BsonWriter().int32("ping", 1).finish();
  const bson_t command = as_bson(ping);
  const auto reply = connection_.write(ErrorContext::find, "admin", command);
  if (!reply) return tl::unexpected(reply.error());
  const ValueView time = find_value(reply->view(), "operationTime");
  see_until_ = time.type == BsonType::timestamp ? static_cast<uint64_t>(time.as_int64()) : 0;
  return {};
}

Result<RawBatch> RawRangeReader::next(uint32_t documents_max, bool& done) {
  done = false;
  if (!open_)
    return tl::unexpected(make_error(ErrorContext::find, kCursorNotFound, "", "the range is not open"));
  if (cursor_ == 0 && filters_.empty()) {
    done = true;
    return empty_raw_batch();
  }
  const bool is_first = cursor_ == 0;
  auto reply = is_first ? find(std::max(documents_max, 1u)) : get_more(std::max(documents_max, 1u));
  Result<RawBatch> batch;
  if (reply)
    batch = take(std::move(*reply), is_first ? "firstBatch" : "nextBatch");
  else
    batch = tl::unexpected(std::move(reply.error()));
  if (!batch) {
    cursor_ = 0;
    open_ = false;
    if (!is_first || batch.error().treatment != Treatment::missing) return batch;
    done = true;
    return empty_raw_batch();
  }
  done = cursor_ == 0 && filters_.empty();
  return batch;
}

Result<Reply> RawRangeReader::find(uint32_t documents_max) {
  const OwnedDocument filter = std::move(filters_.back());
  filters_.pop_back();
  const std::string bytes = find_command(ns_.collection, filter.view(), documents_max, *see_until_);
  const bson_t command = as_bson(bytes);
  return connection_.read(ErrorContext::find, ns_.database, command, server_);
}

Result<Reply> RawRangeReader::get_more(uint32_t documents_max) {
  const std::string bytes = get_more_command(cursor_, cursor_collection_, documents_max);
  const bson_t command = as_bson(bytes);
  return connection_.read(ErrorContext::find, ns_.database, command, server_);
}

Result<RawBatch> RawRangeReader::take(Reply reply, std::string_view list) {
  const auto cursor = read_cursor(ErrorContext::find, reply.view(), list);
  if (!cursor) return tl::unexpected(cursor.error());
  if (!for_each_of(cursor->list, has_id))
    return tl::unexpected(damaged_reply(ErrorContext::find, "a reply with damaged documents"));
  last_answer_ = Clock::now();
  cursor_ = cursor->id;
  if (cursor->ns.size() > ns_.database.size())
    cursor_collection_ = cursor->ns.substr(ns_.database.size() + 1);
  return to_raw_batch(std::move(reply), *cursor);
}

void RawRangeReader::kill_cursor() {
  if (cursor_ == 0 || Clock::now() - last_answer_ > kKnownAlive) return;
  const std::string bytes = kill_command(cursor_, cursor_collection_);
  const bson_t command = as_bson(bytes);
  // Best effort: a cursor that stays is closed by the server's own timeout.
  static_cast<void>(connection_.read(ErrorContext::find, ns_.database, command, server_));
}

void RawRangeReader::close() {
  kill_cursor();
  cursor_ = 0;
  open_ = false;
  filters_.clear();
  connection_.release();
}

}  // namespace ddsync::mongo
