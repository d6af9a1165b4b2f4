// What every bare loop of the benchmark needs of libmongoc, and nothing of the service: the loops are what
// the service is measured against. A tool that meets an error says so and ends: a benchmark has no way on.
#pragma once

#include <mongoc/mongoc.h>

#include <memory>
#include <string>

namespace ddsync::bench {

template <auto Function>
struct Release {
  template <typename T>
  void operator()(T* handle) const {
    Function(handle);
  }
};

using ClientHandle = std::unique_ptr<mongoc_client_t, Release<mongoc_client_destroy>>;
using CollectionHandle = std::unique_ptr<mongoc_collection_t, Release<mongoc_collection_destroy>>;
using DatabaseHandle = std::unique_ptr<mongoc_database_t, Release<mongoc_database_destroy>>;
using StreamHandle = std::unique_ptr<mongoc_change_stream_t, Release<mongoc_change_stream_destroy>>;
using CursorHandle = std::unique_ptr<mongoc_cursor_t, Release<mongoc_cursor_destroy>>;
using BulkHandle = std::unique_ptr<mongoc_bulk_operation_t, Release<mongoc_bulk_operation_destroy>>;

// Owns a document. (bson_t as the argument of unique_ptr loses its alignment, a warning.)
class BsonHandle {
 public:
  explicit BsonHandle(bson_t* document) : document_(document) {}
  ~BsonHandle() { bson_destroy(document_); }
  BsonHandle(const BsonHandle&) = delete;
  BsonHandle& operator=(const BsonHandle&) = delete;
  bson_t* get() const { return document_; }

 private:
  bson_t* document_;
};

class Driver {
 public:
  Driver() { mongoc_init(); }
  ~Driver() { mongoc_cleanup(); }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
};

[[noreturn]] void fail(const std::string& what);
[[noreturn]] void fail(const std::string& what, const bson_error_t& error);

// A client that has already spoken with the server: connecting is not part of what is measured.
ClientHandle connect(const std::string& uri);

BsonHandle from_json(const std::string& json);

}  // namespace ddsync::bench
