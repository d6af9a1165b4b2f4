#include "mongo/reply.h"

#include <cmath>
#include <optional>

#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

// An empty token, or an array, would be kept as a position, which the source then does not know.
DocumentView usable_token(const ValueView& value) {
  const bool is_token = value.type == BsonType::document && value.as_document().has_elements();
  return is_token ? value.as_document() : DocumentView();
}

}  // namespace

bool says_ok(DocumentView reply) {
  const ValueView ok = find_value(reply, "ok");
  switch (ok.type) {
    case BsonType::boolean:
      return ok.as_bool();
    case BsonType::real:
      return ok.as_double() != 0 && !std::isnan(ok.as_double());
    default:
      return whole_number(ok).value_or(0) != 0;
  }
}

Result<CursorReply> read_cursor(ErrorContext context, DocumentView reply, std::string_view list) {
  const ValueView cursor = find_value(reply, "cursor");
  if (cursor.type != BsonType::document)
    return tl::unexpected(damaged_reply(context, "a reply without a cursor"));
  CursorReply read;
  std::optional<int64_t> id;
  ValueView batch;
  ElementCursor field(cursor.as_document());
  while (field.next()) {
    const ValueView& value = field.value();
    if (field.name() == "id") id = whole_number(value);
    if (field.name() == list) batch = value;
    if (field.name() == "ns" && value.type == BsonType::string) read.ns = value.as_string();
    if (field.name() == "postBatchResumeToken") read.post_batch_token = usable_token(value);
  }
  if (field.malformed() || !id || batch.type != BsonType::array)
    return tl::unexpected(damaged_reply(context, "a reply with a damaged cursor"));
  read.id = *id;
  read.list = batch.as_document();
  return read;
}

Error damaged_reply(ErrorContext context, std::string_view what) {
  return make_error(context, kErrorProtocol, "", what);
}

}  // namespace ddsync::mongo
