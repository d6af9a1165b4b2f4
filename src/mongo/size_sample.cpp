#include "mongo/size_sample.h"

#include <fmt/format.h>

#include <algorithm>

#include "bson/writer.h"
#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

// MongoDB takes random ones without a scan when they are less than a twentieth of all.
constexpr uint64_t kRandomFrom_documents = 20 * kSampledDocuments_max + 1;

std::string one_stage(std::string_view name, const std::string& content) {
  return BsonWriter().document(name, content).finish();
}

std::string pipeline(uint64_t documents, const std::string& projection) {
  constexpr auto most = static_cast<int32_t>(kSampledDocuments_max);
  const std::string few = documents >= kRandomFrom_documents
                              ? one_stage("$sample", BsonWriter().int32("size", most).finish())
                              : BsonWriter().int32("$limit", most).finish();
  return BsonWriter().document("0", few).document("1", one_stage("$project", projection)).finish();
}

std::string size_of(const std::string& document) {
  return BsonWriter().document("$bsonSize", document).finish();
}

std::string field_name(size_t field) { return std::string(1, static_cast<char>('a' + field)); }

// {a: "$customer.id", b: "$number"}; at most 32 fields (MongoDB's limit) have names of one letter.
std::string key_document(DocumentView key) {
  BsonWriter document;
  ElementCursor fields(key);
  for (size_t i = 0; fields.next(); ++i) document.string(field_name(i), fmt::format("${}", fields.name()));
  return document.finish();
}

std::string key_of_id() { return BsonWriter().string("a", "$_id").finish(); }

uint64_t field_count(DocumentView key) {
  uint64_t count = 0;
  ElementCursor fields(key);
  while (fields.next()) ++count;
  return count;
}

// Of the values alone: without the document around them, and their names and types.
uint64_t value_bytes(int64_t document_bytes, uint64_t fields) {
  constexpr uint64_t around = 5;
  constexpr uint64_t around_field = 3;
  const auto all = static_cast<uint64_t>(std::max<int64_t>(document_bytes, 0));
  return all - std::min(all, around + around_field * fields);
}

std::string index_field(size_t index) { return fmt::format("k{}", index); }

}  // namespace

std::string size_pipeline(uint64_t documents, const std::vector<OwnedDocument>& indexes) {
  BsonWriter projection;
  projection.int32("_id", 0)
      .document("document", BsonWriter().string("$bsonSize", "$$ROOT").finish())
      .document("id", size_of(key_of_id()));
  for (size_t i = 0; i < indexes.size(); ++i)
    projection.document(index_field(i), size_of(key_document(document_at(indexes[i].view(), "key"))));
  return pipeline(documents, projection.finish());
}

std::string id_pipeline(uint64_t documents) {
  return pipeline(documents, BsonWriter().int32("_id", 1).finish());
}

void take_sizes(DocumentView measured, const std::vector<OwnedDocument>& indexes, SizeSample& sample) {
  sample.documents += 1;
  const ValueView id = find_value(measured, "_id");
  const uint64_t id_bytes = id.missing() ? value_bytes(as_integer(find_value(measured, "id")), 1) : id.size;
  sample.id_bytes_max = std::max(sample.id_bytes_max, id_bytes);
  const auto bytes = static_cast<uint64_t>(as_integer(find_value(measured, "document")));
  sample.document_bytes_max = std::max(sample.document_bytes_max, bytes);
  sample.key_bytes_max.resize(indexes.size());
  for (size_t i = 0; i < indexes.size(); ++i) {
    const uint64_t fields = field_count(document_at(indexes[i].view(), "key"));
    const uint64_t key_bytes = value_bytes(as_integer(find_value(measured, index_field(i))), fields);
    sample.key_bytes_max[i] = std::max(sample.key_bytes_max[i], key_bytes);
  }
}

}  // namespace ddsync::mongo
