// The plain loop that a copy's writing cannot be faster than: unordered bulk inserts, one thread a
// connection, of documents that cost nothing to make. It also fills the source of the copies: `--collections`
// N gives each of NAME0..NAME(N-1) `--documents` documents with the _ids 0, 1, 2 ...
#include <fmt/format.h>

#include <algorithm>

#include "common/command_line.h"
#include "common/document.h"
#include "common/driver.h"
#include "common/parallel.h"

namespace {

using namespace ddsync::bench;

struct Options : Place {
  int64_t collections = 1;
  int64_t documents = 0;  // of each collection
  uint32_t document_bytes = kDocumentBytes;
  int64_t connections = 8;
  int64_t batch = 2'000;
};

Options parse(int argc, char** argv) {
  Options options;
  CLI::App app("Inserts documents as fast as the driver can");
  add_place(app, options);
  app.add_option("--collections", options.collections);
  app.add_option("--documents", options.documents, "Of each collection")->required();
  app.add_option("--document-bytes", options.document_bytes);
  app.add_option("--connections", options.connections);
  app.add_option("--batch", options.batch, "Documents of one command");
  parse_or_exit(app, argc, argv);
  return options;
}

void insert(mongoc_collection_t* collection, Document& document, Share ids) {
  const BsonHandle unordered(BCON_NEW("ordered", BCON_BOOL(false)));
  const BulkHandle bulk(mongoc_collection_create_bulk_operation_with_opts(collection, unordered.get()));
  bson_error_t error;
  for (int64_t id = ids.first; id < ids.end; ++id)
    if (!mongoc_bulk_operation_insert_with_opts(bulk.get(), document.make(id, 1, 0), nullptr, &error))
      fail("the driver refuses a document", error);
  if (mongoc_bulk_operation_execute(bulk.get(), nullptr, &error) == 0) fail("the bulk write failed", error);
}

// The share counts through all documents of all collections, one collection after the other.
void insert_share(mongoc_client_t* client, Share share, const Options& options) {
  Document document(options.document_bytes);
  for (int64_t at = share.first; at < share.end;) {
    const int64_t index = at / options.documents;
    const int64_t base = index * options.documents;
    const int64_t end = std::min({at + options.batch, base + options.documents, share.end});
    const CollectionHandle collection(mongoc_client_get_collection(
        client, options.database.c_str(), collection_name(options, options.collections, index).c_str()));
    insert(collection.get(), document, {.first = at - base, .end = end - base});
    at = end;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const Driver driver;
  run_in_parallel(options.uri, options.connections, options.documents * options.collections,
                  [&](mongoc_client_t* client, Share share) { insert_share(client, share, options); });
}
