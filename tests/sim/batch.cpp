#include "sim/batch.h"

#include <memory>
#include <utility>

#include "bson/writer.h"

namespace ddsync::sim {
namespace {

class Storage : public BatchStorage {
 public:
  explicit Storage(std::string held) : bytes(std::move(held)) {}
  const std::string bytes;
};

}  // namespace

RawBatch make_batch(const std::string& list, const std::string& token) {
  BsonWriter reply;
  reply.document("events", list, BsonType::array);
  if (!token.empty()) reply.document("token", token);
  auto storage = std::make_unique<Storage>(reply.finish());
  const DocumentView whole = view_of(storage->bytes);
  RawBatch batch;
  batch.events = find_value(whole, "events").as_document();
  if (const ValueView found = find_value(whole, "token"); !found.missing())
    batch.post_batch_token = found.as_document();
  batch.bytes = whole.size;
  batch.storage = std::move(storage);
  return batch;
}

}  // namespace ddsync::sim
