// The load generator. `preload`: the documents that a workload starts from. `backlog`: the workload's
// operations, as fast as possible. `steady`: inserts at a fixed rate, round robin over collections, each with
// its send time.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "common/command_line.h"
#include "common/document.h"
#include "common/driver.h"
#include "common/measure.h"
#include "common/workload.h"

namespace {

using namespace ddsync::bench;
using Clock = std::chrono::steady_clock;

struct Options : Place {
  std::string workload = "insert";
  int64_t events = 200'000;
  int64_t rate = 1'000;  // events a second, all collections together
  int64_t collections = 1;
  int64_t first_id = 0;
  int64_t threads = 2;
  int64_t together = 1;
};

void bulk_failed(const bson_error_t& error) { fail("the bulk write failed", error); }

class Loader {
 public:
  explicit Loader(const Options& options)
      : client_(connect(options.uri)),
        collection_(mongoc_client_get_collection(client_.get(), options.database.c_str(),
                                                 options.collection.c_str())),
        unordered_(BCON_NEW("ordered", BCON_BOOL(false))) {}

  void preload(int64_t documents) {
    constexpr int64_t batch = 1'000;
    for (int64_t first = 0; first < documents; first += batch) {
      const BulkHandle bulk = new_bulk();
      for (int64_t id = first; id < std::min(first + batch, documents); ++id) insert(bulk.get(), {.id = id});
      execute(bulk.get());
    }
  }

  // Grouped by kind within a batch, because the driver makes one command of each run of equal kinds; an
  // update of a document inserted in the same batch comes after it, and a deleted _id never comes back.
  void write(std::span<const Operation> operations) {
    const BulkHandle bulk = new_bulk();
    constexpr std::array kinds = {OperationKind::insert, OperationKind::update, OperationKind::remove};
    for (const OperationKind kind : kinds)
      for (const Operation& operation : operations)
        if (operation.kind == kind) append(bulk.get(), operation);
    execute(bulk.get());
  }

 private:
  BulkHandle new_bulk() {
    return BulkHandle(mongoc_collection_create_bulk_operation_with_opts(collection_.get(), unordered_.get()));
  }

  static void execute(mongoc_bulk_operation_t* bulk) {
    bson_error_t error;
    if (mongoc_bulk_operation_execute(bulk, nullptr, &error) == 0) bulk_failed(error);
  }

  void insert(mongoc_bulk_operation_t* bulk, const Operation& operation) {
    bson_error_t error;
    const bson_t* document = document_.make(operation.id, operation.version, 0);
    if (!mongoc_bulk_operation_insert_with_opts(bulk, document, nullptr, &error)) bulk_failed(error);
  }

  void append(mongoc_bulk_operation_t* bulk, const Operation& operation) {
    if (operation.kind == OperationKind::insert) return insert(bulk, operation);
    const BsonHandle filter(BCON_NEW("_id", BCON_INT64(operation.id)));
    bson_error_t error;
    bool ok = false;
    if (operation.kind == OperationKind::update) {
      const BsonHandle change(BCON_NEW("$set", "{", "version", BCON_INT64(operation.version), "}"));
      ok = mongoc_bulk_operation_update_one_with_opts(bulk, filter.get(), change.get(), nullptr, &error);
    } else {
      ok = mongoc_bulk_operation_remove_one_with_opts(bulk, filter.get(), nullptr, &error);
    }
    if (!ok) bulk_failed(error);
  }

  ClientHandle client_;
  CollectionHandle collection_;
  BsonHandle unordered_;
  Document document_;
};

void write_backlog(const Options& options) {
  // Small groups in the mixed workload, so that the kinds alternate in the stream.
  const size_t batch = options.workload == "mixed" ? 100 : 1'000;
  const Workload workload = make_workload(options.workload, options.events);
  Loader loader(options);
  const Measurement measurement;
  const std::span<const Operation> all(workload.operations);
  for (size_t at = 0; at < all.size(); at += batch)
    loader.write(all.subspan(at, std::min(batch, all.size() - at)));
  measurement.print(options.events, fmt::format(", \"skipped\": {}", workload.updates_of_deleted));
}

std::string collection_of(const Options& options, int64_t event) {
  return collection_name(options, options.collections, event % options.collections);
}

// Sends events of a steady load, each with its send time.
class Sender {
 public:
  explicit Sender(const Options& options) : options_(options), client_(connect(options.uri)) {}

  void insert(int64_t event) {
    const CollectionHandle collection(mongoc_client_get_collection(client_.get(), options_.database.c_str(),
                                                                   collection_of(options_, event).c_str()));
    bson_error_t error;
    if (!mongoc_collection_insert_one(collection.get(), make(event), nullptr, nullptr, &error))
      fail("the insert failed", error);
  }

  // One bulkWrite: one command for several collections.
  void insert(int64_t first, int64_t count) {
    const BsonHandle command(BCON_NEW("bulkWrite", BCON_INT32(1), "errorsOnly", BCON_BOOL(true)));
    bson_t operations;
    bson_t collections;
    BSON_APPEND_ARRAY_BEGIN(command.get(), "ops", &operations);
    for (int64_t i = 0; i < count; ++i) append_operation(&operations, first + i, i);
    bson_append_array_end(command.get(), &operations);
    BSON_APPEND_ARRAY_BEGIN(command.get(), "nsInfo", &collections);
    for (int64_t i = 0; i < count; ++i) append_collection(&collections, first + i, i);
    bson_append_array_end(command.get(), &collections);

    bson_error_t error;
    const BsonHandle reply(bson_new());
    if (!mongoc_client_write_command_with_opts(client_.get(), "admin", command.get(), nullptr, reply.get(),
                                               &error))
      bulk_failed(error);
    bson_iter_t errors;
    if (!bson_iter_init_find(&errors, reply.get(), "nErrors") || bson_iter_as_int64(&errors) != 0)
      fail("an insert of the bulk write failed");
  }

 private:
  const bson_t* make(int64_t event) { return document_.make(options_.first_id + event, 1, wall_clock_us()); }

  void append_operation(bson_t* operations, int64_t event, int64_t index) {
    bson_t operation;
    BSON_APPEND_DOCUMENT_BEGIN(operations, std::to_string(index).c_str(), &operation);
    BSON_APPEND_INT32(&operation, "insert", static_cast<int32_t>(index));
    BSON_APPEND_DOCUMENT(&operation, "document", make(event));
    bson_append_document_end(operations, &operation);
  }

  void append_collection(bson_t* collections, int64_t event, int64_t index) {
    bson_t collection;
    BSON_APPEND_DOCUMENT_BEGIN(collections, std::to_string(index).c_str(), &collection);
    BSON_APPEND_UTF8(&collection, "ns", (options_.database + "." + collection_of(options_, event)).c_str());
    bson_append_document_end(collections, &collection);
  }

  const Options& options_;
  ClientHandle client_;
  Document document_;
};

// Groups thread, thread + threads, ... each at its own moment.
void send_steadily(const Options& options, int64_t thread, Clock::time_point start) {
  Sender sender(options);
  for (int64_t first = thread * options.together; first < options.events;
       first += options.threads * options.together) {
    std::this_thread::sleep_until(start + std::chrono::nanoseconds(first * 1'000'000'000 / options.rate));
    if (options.together == 1) {
      sender.insert(first);
    } else {
      sender.insert(first, std::min(options.together, options.events - first));
    }
  }
}

void send_all_steadily(const Options& options) {
  constexpr auto time_to_connect = std::chrono::milliseconds(200);
  const Measurement measurement;
  const Clock::time_point start = Clock::now() + time_to_connect;
  {
    std::vector<std::jthread> threads;
    for (int64_t thread = 0; thread < options.threads; ++thread)
      threads.emplace_back([&options, thread, start] { send_steadily(options, thread, start); });
  }
  measurement.print(options.events);
}

void create_collections(const Options& options) {
  const ClientHandle client = connect(options.uri);
  const DatabaseHandle database(mongoc_client_get_database(client.get(), options.database.c_str()));
  for (int64_t i = 0; i < options.collections; ++i) {
    bson_error_t error;
    const CollectionHandle made(mongoc_database_create_collection(
        database.get(), collection_name(options, options.collections, i).c_str(), nullptr, &error));
    if (!made) fail("cannot create a collection", error);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Generates load");
  add_place(app, options);
  app.add_option("--workload", options.workload);
  app.add_option("--events", options.events);
  app.add_option("--rate", options.rate);
  app.add_option("--collections", options.collections);
  app.add_option("--first-id", options.first_id, "_id of the first document that `steady` inserts");
  app.add_option("--threads", options.threads);
  app.add_option("--together", options.together,
                 "events that `steady` sends with one bulkWrite (MongoDB 8.0)");
  const CLI::App* preload = app.add_subcommand("preload", "The documents a workload starts from");
  const CLI::App* backlog = app.add_subcommand("backlog", "The workload, as fast as possible");
  const CLI::App* create = app.add_subcommand("create", "Empty collections");
  app.add_subcommand("steady", "Inserts at a fixed rate");
  app.require_subcommand(1);
  parse_or_exit(app, argc, argv);
  const Driver driver;
  if (create->parsed()) {
    create_collections(options);
  } else if (preload->parsed()) {
    Loader(options).preload(make_workload(options.workload, 0).preloaded);
  } else if (backlog->parsed()) {
    write_backlog(options);
  } else {
    send_all_steadily(options);
  }
}
