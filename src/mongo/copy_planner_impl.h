// CopyPlanner over one connection. Internal to mongo/.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mongo/boundaries.h"
#include "mongo/connection.h"
#include "mongo/copy_planner.h"

namespace ddsync::mongo {

class CommandPlanner final : public CopyPlanner {
 public:
  // `describe`: Endpoint::describe.
  CommandPlanner(mongoc_client_pool_t* pool, std::function<Result<ServerInfo>()> describe)
      : connection_(pool), describe_(std::move(describe)) {}

  Result<std::vector<PlannedCollection>> plan(const WatchScope& scope,
                                              const NamespaceFilter& filter) override;

 private:
  Result<void> plan_database(const std::string& database, const WatchScope& scope,
                             const NamespaceFilter& filter, std::vector<PlannedCollection>& found);
  Result<void> divide(PlannedCollection& collection);
  Result<uint64_t> about_how_many(const Namespace& ns);
  Result<Samples> take_samples(const PlannedCollection& collection, uint64_t ranges);
  Result<std::vector<Bracket>> brackets_probed(const Namespace& ns, const Samples& samples);
  Result<std::vector<Bracket>> brackets_between_ends(const Namespace& ns);
  Result<OwnedValue> outermost_id(const Namespace& ns, int direction);
  Result<bool> has_any(const Namespace& ns, const OwnedDocument& filter);
  Result<OwnedValue> first_id(const Namespace& ns, DocumentView filter, int direction);
  Result<std::vector<OwnedValue>> ids_of(const Namespace& ns, const std::string& pipeline,
                                         ValueView (*id_in)(DocumentView));

  Connection connection_;
  std::function<Result<ServerInfo>()> describe_;
  bool is_documentdb_ = false;
  // DocumentDB's $bucketAuto sorts all _ids, in the time that one statement has; its $sample takes all of
  // some blocks, so that neighbours come together and the ranges are less even. So many documents were too
  // many.
  uint64_t too_many_for_buckets_ = 0;
};

}  // namespace ddsync::mongo
