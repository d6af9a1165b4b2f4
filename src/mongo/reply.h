// What a reply must hold to be believed. Of one that was damaged on its way, or by a server that gave up amid
// it, the parts that are missing must not read as "nothing there" or "done": that is an error
// (kErrorProtocol). Servers whose replies are whole have to pass: numbers may be int32, int64 or a whole
// double. Pure; internal to mongo/.
#pragma once

#include <string_view>

#include "mongo/endpoint.h"

namespace ddsync::mongo {

// `ok` is there, and is true or a number other than 0.
bool says_ok(DocumentView reply);

// Views into the reply.
struct CursorReply {
  int64_t id = 0;  // 0 = read to its end
  std::string_view ns;
  DocumentView list;
  DocumentView post_batch_token;  // empty when there is none that could be resumed after
};

// {cursor: {id, ns, <list>: [...], postBatchResumeToken}}; `list`: firstBatch or nextBatch, which is an array
// then; its elements are not looked at.
Result<CursorReply> read_cursor(ErrorContext context, DocumentView reply, std::string_view list);

// Hands every document of an array to `take`, which may refuse one by `false`. False when one was refused,
// when the array holds anything else, or when it is damaged: what was taken of it is not all then.
template <typename Take>
bool for_each_of(DocumentView array, const Take& take) {
  ElementCursor elements(array);
  while (elements.next())
    if (elements.value().type != BsonType::document || !take(elements.value().as_document())) return false;
  return !elements.malformed();
}

Error damaged_reply(ErrorContext context, std::string_view what);

}  // namespace ddsync::mongo
