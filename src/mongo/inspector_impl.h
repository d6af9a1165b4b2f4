// Inspector over one connection. Internal to mongo/.
#pragma once

#include "mongo/connection.h"
#include "mongo/inspector.h"

namespace ddsync::mongo {

class CommandInspector final : public Inspector {
 public:
  explicit CommandInspector(mongoc_client_pool_t* pool) : connection_(pool) {}

  Result<Rights> rights() override;
  Result<std::optional<HistoryWindow>> history() override;
  Result<SizeSample> sizes(const Namespace& ns, uint64_t documents,
                           const std::vector<OwnedDocument>& indexes) override;

 private:
  Result<SizeSample> sample(const Namespace& ns, const std::string& pipeline,
                            const std::vector<OwnedDocument>& indexes);
  // Seconds of the first entry in natural order (1) or against it (-1).
  Result<uint32_t> entry_time(int32_t order);

  Connection connection_;
};

// From a reply of connectionStatus. Pure.
Rights parse_rights(DocumentView reply);

}  // namespace ddsync::mongo
