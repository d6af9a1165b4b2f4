// The driver's client pools, all of this process. Internal to mongo/. Thread-safety: any thread.
#pragma once

#include "mongo/handles.h"

namespace ddsync::mongo {

// None, and why, when the driver makes none of this URI.
PoolHandle make_pool(const mongoc_uri_t* uri, bson_error_t& failure);

}  // namespace ddsync::mongo
