// The connection string: parsed, completed with the options that the service needs. Internal to mongo/.
#pragma once

#include <string>
#include <string_view>

#include "mongo/endpoint.h"
#include "mongo/handles.h"

namespace ddsync::mongo {

// The error names the part of the URI that is wrong, never its text: that may hold the password.
Result<UriHandle> parse_uri(const EndpointOptions& options);

// The name of a host of this URI holds `domain` (lower case).
bool has_host_within(const mongoc_uri_t* uri, std::string_view domain);

}  // namespace ddsync::mongo
