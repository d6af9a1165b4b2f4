#include "mongo/raw_batch.h"

#include <utility>

namespace ddsync::mongo {
namespace {

class ReplyStorage final : public BatchStorage {
 public:
  explicit ReplyStorage(Reply reply) : reply_(std::move(reply)) {}
  DocumentView view() const { return reply_.view(); }

 private:
  Reply reply_;
};

}  // namespace

RawBatch to_raw_batch(Reply reply, const CursorReply& cursor) {
  auto storage = std::make_unique<ReplyStorage>(std::move(reply));  // the bytes stay where they are
  RawBatch batch;
  batch.events = cursor.list;
  batch.post_batch_token = cursor.post_batch_token;
  batch.bytes = storage->view().size;
  batch.storage = std::move(storage);
  return batch;
}

RawBatch empty_raw_batch() {
  Bson nothing;
  bson_t copy;
  bson_copy_to(nothing.get(), &copy);
  auto storage = std::make_unique<ReplyStorage>(Reply(copy));
  RawBatch batch;
  batch.events = storage->view();
  batch.bytes = storage->view().size;
  batch.storage = std::move(storage);
  return batch;
}

bool has_documents(const RawBatch& batch) { return batch.events.has_elements(); }

}  // namespace ddsync::mongo
