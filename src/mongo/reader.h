// Plain reads, off the hot path: documents by _id (to prove suspect keys), counts and listings for the start.
// Thread-safety: one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mongo/endpoint.h"

namespace ddsync::mongo {

struct ListedCollection {
  OwnedDocument options;  // as the server lists them
  std::string uuid;       // in hex; "" when it has none
};

class Reader {
 public:
  virtual ~Reader() = default;

  // For each id, in order: the document, or an empty one when it is not there.
  virtual Result<std::vector<OwnedDocument>> find_by_ids(const Namespace& ns,
                                                         const std::vector<OwnedValue>& ids) = 0;
  // Fast estimate (`count` without a query); 0 for a missing collection.
  virtual Result<uint64_t> estimated_count(const Namespace& ns) = 0;
  // Databases without admin, local, config.
  virtual Result<std::vector<std::string>> database_names() = 0;
  // Collections (views and system.* left out) of a database.
  virtual Result<std::vector<std::string>> collection_names(const std::string& database) = 0;
  // Their UUIDs in hex, by name; collections without one, and time series, are left out.
  virtual Result<std::map<std::string, std::string>> collection_uuids(const std::string& database) = 0;
  // A collection or view; nothing when it is not there.
  virtual Result<std::optional<ListedCollection>> collection(const Namespace& ns) = 0;
  // Raw specifications as the server lists them, without the index of _id; none for a missing collection.
  virtual Result<std::vector<OwnedDocument>> indexes(const Namespace& ns) = 0;
};

}  // namespace ddsync::mongo
