// Benchmark (b): the plain loop that a target writer cannot be faster than: the workload's writes in
// unordered bulk operations of 1 000 (insert, replace with upsert, delete), one thread a connection.
// Operations on one key go through one connection in their order, as a sync has to do it; within a bulk they
// are grouped by kind, because the driver makes one command of each run of equal kinds.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <barrier>
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

struct Options : Place {
  std::string workload;
  int64_t events = 0;
  size_t connections = 8;
  size_t batch = 1'000;
};

Options parse(int argc, char** argv) {
  Options options;
  CLI::App app("Writes a workload as fast as the driver can");
  add_place(app, options);
  app.add_option("--workload", options.workload)->required();
  app.add_option("--events", options.events)->required();
  app.add_option("--connections", options.connections);
  app.add_option("--batch", options.batch);
  parse_or_exit(app, argc, argv);
  return options;
}

// Builds the filter {_id: n} without an allocation.
class IdFilter {
 public:
  IdFilter() { bson_init(&filter_); }
  ~IdFilter() { bson_destroy(&filter_); }
  IdFilter(const IdFilter&) = delete;
  IdFilter& operator=(const IdFilter&) = delete;

  const bson_t* of(int64_t id) {
    bson_reinit(&filter_);
    bson_append_int64(&filter_, "_id", -1, id);
    return &filter_;
  }

 private:
  bson_t filter_;
};

class BulkWriter {
 public:
  BulkWriter(const std::string& uri, const Options& options)
      : client_(connect(uri)),
        collection_(mongoc_client_get_collection(client_.get(), options.database.c_str(),
                                                 options.collection.c_str())),
        unordered_(BCON_NEW("ordered", BCON_BOOL(false))),
        upsert_(BCON_NEW("upsert", BCON_BOOL(true))) {}

  void write(std::span<const Operation> operations) {
    const BulkHandle bulk(
        mongoc_collection_create_bulk_operation_with_opts(collection_.get(), unordered_.get()));
    constexpr std::array kinds = {OperationKind::insert, OperationKind::update, OperationKind::remove};
    for (const OperationKind kind : kinds)
      for (const Operation& operation : operations)
        if (operation.kind == kind) append(bulk.get(), operation);
    bson_error_t error;
    if (mongoc_bulk_operation_execute(bulk.get(), nullptr, &error) == 0) fail("the bulk write failed", error);
  }

 private:
  void append(mongoc_bulk_operation_t* bulk, const Operation& operation) {
    bson_error_t error;
    bool ok = false;
    if (operation.kind == OperationKind::insert) {
      ok = mongoc_bulk_operation_insert_with_opts(bulk, document_.make(operation.id, operation.version, 0),
                                                  nullptr, &error);
    } else if (operation.kind == OperationKind::update) {
      ok = mongoc_bulk_operation_replace_one_with_opts(bulk, filter_.of(operation.id),
                                                       document_.make(operation.id, operation.version, 0),
                                                       upsert_.get(), &error);
    } else {
      ok = mongoc_bulk_operation_remove_one_with_opts(bulk, filter_.of(operation.id), nullptr, &error);
    }
    if (!ok) fail("the driver refuses an operation", error);
  }

  ClientHandle client_;
  CollectionHandle collection_;
  BsonHandle unordered_;
  BsonHandle upsert_;
  Document document_;
  IdFilter filter_;
};

std::vector<std::vector<Operation>> split_by_key(const Workload& workload, size_t parts) {
  std::vector<std::vector<Operation>> split(parts);
  for (const Operation& operation : workload.operations)
    split[static_cast<size_t>(operation.id) % parts].push_back(operation);
  return split;
}

void write_part(const std::vector<Operation>& part, const Options& options, std::barrier<>& start) {
  BulkWriter writer(options.uri, options);
  start.arrive_and_wait();  // all are connected
  start.arrive_and_wait();  // go
  const std::span<const Operation> all(part);
  for (size_t at = 0; at < all.size(); at += options.batch)
    writer.write(all.subspan(at, std::min(options.batch, all.size() - at)));
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const Driver driver;
  const auto parts = split_by_key(make_workload(options.workload, options.events), options.connections);
  std::barrier<> start(static_cast<ptrdiff_t>(options.connections) + 1);
  std::vector<std::jthread> threads;
  for (const auto& part : parts) threads.emplace_back([&] { write_part(part, options, start); });
  start.arrive_and_wait();
  wait_for_go();
  const Measurement measurement;
  start.arrive_and_wait();
  threads.clear();  // joins
  measurement.print(options.events);
}
