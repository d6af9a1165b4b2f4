// The load generator. `preload`: the documents that a workload starts from. `backlog`: the workload's
// operations, as fast as possible. `steady`: inserts at a fixed rate, round robin over collections, each with
// its send time.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
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

// Events thread, thread + threads, ... each at its own moment.
void send_steadily(const Options& options, int64_t thread, Clock::time_point start) {
  const ClientHandle client = connect(options.uri);
  Document document;
  for (int64_t i = thread; i < options.events; i += options.threads) {
    const CollectionHandle collection(mongoc_client_get_collection(
        client.get(), options.database.c_str(),
        collection_name(options, options.collections, i % options.collections).c_str()));
    std::this_thread::sleep_until(start + std::chrono::nanoseconds(i * 1'000'000'000 / options.rate));
    bson_error_t error;
    if (!mongoc_collection_insert_one(collection.get(),
                                      document.make(options.first_id + i, 1, wall_clock_us()), nullptr,
                                      nullptr, &error))
      fail("the insert failed", error);
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
