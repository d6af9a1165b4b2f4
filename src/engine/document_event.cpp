#include "engine/document_event.h"

#include "bson/writer.h"

namespace ddsync {

std::string document_event(std::string_view origin, const Namespace& ns, ValueView id,
                           DocumentView document) {
  BsonWriter writer;
  writer.document("_id", BsonWriter().string(origin, ns.name()).finish());
  writer.string("operationType", document.empty() ? "delete" : "replace");
  writer.document("ns", BsonWriter().string("db", ns.database).string("coll", ns.collection).finish());
  writer.document("documentKey", BsonWriter().value("_id", id).finish());
  if (!document.empty()) writer.value("fullDocument", {BsonType::document, document.data, document.size});
  return writer.finish();
}

}  // namespace ddsync
