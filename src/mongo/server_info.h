// What a server says of itself. Pure; internal to mongo/.
#pragma once

#include "mongo/endpoint.h"

namespace ddsync::mongo {

// What the host names give away, where the server itself may not.
struct HostHints {
  bool azure_documentdb = false;  // *.mongocluster.cosmos.azure.com
  bool cosmosdb_ru = false;       // *.mongo.cosmos.azure.com, *.documents.azure.com
};

// From the replies of `hello` and `buildInfo` (may be empty).
ServerInfo parse_server_info(DocumentView hello, DocumentView build_info, HostHints hints);

}  // namespace ddsync::mongo
