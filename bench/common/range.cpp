#include "common/range.h"

namespace ddsync::bench {

CursorHandle find_range(mongoc_collection_t* collection, Share ids, int32_t batch) {
  const BsonHandle filter(
      BCON_NEW("_id", "{", "$gte", BCON_INT64(ids.first), "$lt", BCON_INT64(ids.end), "}"));
  const BsonHandle settings(BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "batchSize", BCON_INT32(batch)));
  return CursorHandle(mongoc_collection_find_with_opts(collection, filter.get(), settings.get(), nullptr));
}

void check_read(mongoc_cursor_t* cursor) {
  bson_error_t error;
  if (mongoc_cursor_error(cursor, &error)) fail("the reading failed", error);
}

}  // namespace ddsync::bench
