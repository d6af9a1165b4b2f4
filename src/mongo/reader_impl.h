// Reader over one connection. Internal to mongo/.
#pragma once

#include "mongo/connection.h"
#include "mongo/reader.h"

namespace ddsync::mongo {

class CommandReader final : public Reader {
 public:
  explicit CommandReader(mongoc_client_pool_t* pool) : connection_(pool) {}

  Result<std::vector<OwnedDocument>> find_by_ids(const Namespace& ns,
                                                 const std::vector<OwnedValue>& ids) override;
  Result<uint64_t> estimated_count(const Namespace& ns) override;
  Result<std::vector<std::string>> database_names() override;
  Result<std::vector<std::string>> collection_names(const std::string& database) override;
  Result<std::map<std::string, std::string>> collection_uuids(const std::string& database) override;
  Result<std::optional<ListedCollection>> collection(const Namespace& ns) override;
  Result<std::vector<OwnedDocument>> indexes(const Namespace& ns) override;

 private:
  Connection connection_;
};

}  // namespace ddsync::mongo
