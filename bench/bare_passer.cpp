// What a program with this driver needs at least to take documents from one server and give them to another:
// no order, no position, nothing is kept. `copy` reads ranges of a collection with _ids 0..n-1 and inserts
// each batch as it came; `relay` reads a change stream and inserts what has come at once, one command after
// the other.
#include <string>

#include "common/command_line.h"
#include "common/driver.h"
#include "common/measure.h"
#include "common/parallel.h"
#include "common/range.h"

namespace {

using namespace ddsync::bench;

struct Options : Place {
  std::string target_uri;
  int64_t events = 0;
  int64_t connections = 4;
  int32_t batch = 200;
  std::string what = "copy";
};

Options parse(int argc, char** argv) {
  Options options;
  CLI::App app("Passes documents on");
  add_place(app, options);
  app.add_option("--target-uri", options.target_uri)->required();
  app.add_option("--events", options.events, "So many, or documents of the collection")->required();
  app.add_option("--connections", options.connections);
  app.add_option("--batch", options.batch, "Documents of one reply and command");
  app.add_option("--what", options.what)->check(CLI::IsMember({"copy", "relay"}));
  parse_or_exit(app, argc, argv);
  return options;
}

CollectionHandle collection_of(mongoc_client_t* client, const Options& options) {
  return CollectionHandle(
      mongoc_client_get_collection(client, options.database.c_str(), options.collection.c_str()));
}

class Batch {
 public:
  explicit Batch(mongoc_collection_t* target) : target_(target) {}

  void add(const bson_t* document) {
    bson_error_t error;
    if (!bulk_) bulk_.reset(mongoc_collection_create_bulk_operation_with_opts(target_, unordered_.get()));
    if (!mongoc_bulk_operation_insert_with_opts(bulk_.get(), document, unchecked_.get(), &error))
      fail("the driver refuses a document", error);
    ++documents_;
  }
  int32_t documents() const { return documents_; }
  void send() {
    if (!bulk_) return;
    bson_error_t error;
    if (mongoc_bulk_operation_execute(bulk_.get(), nullptr, &error) == 0) fail("a bulk write failed", error);
    bulk_.reset();
    documents_ = 0;
  }

 private:
  mongoc_collection_t* target_;
  BsonHandle unordered_{BCON_NEW("ordered", BCON_BOOL(false))};
  BsonHandle unchecked_{BCON_NEW("validate", BCON_BOOL(false))};
  BulkHandle bulk_;
  int32_t documents_ = 0;
};

void copy_share(mongoc_client_t* client, Share share, const Options& options) {
  const ClientHandle target = connect(options.target_uri);
  const CollectionHandle from = collection_of(client, options);
  const CollectionHandle to = collection_of(target.get(), options);
  const CursorHandle cursor = find_range(from.get(), share, options.batch);
  Batch batch(to.get());
  const bson_t* document = nullptr;
  while (mongoc_cursor_next(cursor.get(), &document)) {
    batch.add(document);
    if (batch.documents() == options.batch) batch.send();
  }
  batch.send();
  check_read(cursor.get());
}

void relay(const Options& options) {
  const ClientHandle source = connect(options.uri);
  const ClientHandle target = connect(options.target_uri);
  const DatabaseHandle database(mongoc_client_get_database(source.get(), options.database.c_str()));
  const CollectionHandle to = collection_of(target.get(), options);
  const BsonHandle pipeline(bson_new());
  const BsonHandle settings(BCON_NEW("maxAwaitTimeMS", BCON_INT32(1000)));
  const StreamHandle stream(mongoc_database_watch(database.get(), pipeline.get(), settings.get()));
  wait_for_go();
  const Measurement measurement;
  const bson_t* event = nullptr;
  for (int64_t passed = 0; passed < options.events;) {
    bson_error_t error;
    if (!mongoc_change_stream_next(stream.get(), &event)) {
      if (mongoc_change_stream_error_document(stream.get(), &error, nullptr))
        fail("the change stream failed", error);
      continue;
    }
    bson_iter_t field;
    bson_t document;
    uint32_t size = 0;
    const uint8_t* bytes = nullptr;
    if (!bson_iter_init_find(&field, event, "fullDocument")) continue;
    bson_iter_document(&field, &size, &bytes);
    bson_init_static(&document, bytes, size);
    if (!mongoc_collection_insert_one(to.get(), &document, nullptr, nullptr, &error))
      fail("an insert failed", error);
    ++passed;
  }
  measurement.print(options.events);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const Driver driver;
  if (options.what == "relay") {
    relay(options);
  } else {
    run_in_parallel(options.uri, options.connections, options.events,
                    [&](mongoc_client_t* client, Share share) { copy_share(client, share, options); });
  }
}
