#include "mongo/raw_batch.h"

#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

class ReplyStorage final : public BatchStorage {
 public:
  explicit ReplyStorage(Reply reply) : reply_(std::move(reply)) {}
  DocumentView view() const { return reply_.view(); }

 private:
  Reply reply_;
};

constexpr uint32_t kEmptyDocumentSize = 5;

}  // namespace

RawBatch to_raw_batch(Reply reply, std::string_view list) {
  auto storage = std::make_unique<ReplyStorage>(std::move(reply));
  const DocumentView cursor = document_at(storage->view(), "cursor");
  RawBatch batch;
  batch.events = document_at(cursor, list);
  batch.post_batch_token = document_at(cursor, "postBatchResumeToken");
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

bool has_documents(const RawBatch& batch) { return batch.events.size > kEmptyDocumentSize; }

}  // namespace ddsync::mongo
