// RAII for every handle of the C driver, in one place. Internal to mongo/.
#pragma once

#include <mongoc/mongoc.h>

#include <memory>

#include "bson/view.h"

namespace ddsync::mongo {

template <auto Function>
struct Release {
  template <typename T>
  void operator()(T* handle) const {
    Function(handle);
  }
};

using UriHandle = std::unique_ptr<mongoc_uri_t, Release<mongoc_uri_destroy>>;
using PoolHandle = std::shared_ptr<mongoc_client_pool_t>;  // of make_pool
using SessionHandle = std::unique_ptr<mongoc_client_session_t, Release<mongoc_client_session_destroy>>;
using SessionOptionsHandle = std::unique_ptr<mongoc_session_opt_t, Release<mongoc_session_opts_destroy>>;
using ServerHandle = std::unique_ptr<mongoc_server_description_t, Release<mongoc_server_description_destroy>>;

// A client taken from its pool, given back at the end.
struct GiveBack {
  mongoc_client_pool_t* pool = nullptr;
  void operator()(mongoc_client_t* client) const { mongoc_client_pool_push(pool, client); }
};
using ClientHandle = std::unique_ptr<mongoc_client_t, GiveBack>;

// A document under construction. Not movable: bson_t keeps short documents inside itself.
class Bson {
 public:
  Bson() { bson_init(&value_); }
  ~Bson() { bson_destroy(&value_); }
  Bson(const Bson&) = delete;
  Bson& operator=(const Bson&) = delete;

  bson_t* get() { return &value_; }
  const bson_t* get() const { return &value_; }
  DocumentView view() const { return {bson_get_data(&value_), value_.len}; }

 private:
  bson_t value_;
};

// The bytes of a reply, exactly as long as they are.
class Reply {
 public:
  // Takes the bytes out of `reply`, which must not be used again. bson_t rounds its buffer up to a power of
  // two: the rest is given back, because batches stay in memory until their events are acknowledged.
  explicit Reply(bson_t& reply) {
    uint8_t* bytes = bson_destroy_with_steal(&reply, true, &size_);
    bytes_.reset(static_cast<uint8_t*>(bson_realloc(bytes, size_)));
  }

  DocumentView view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<uint8_t, Release<bson_free>> bytes_;
  uint32_t size_ = 0;
};

}  // namespace ddsync::mongo
