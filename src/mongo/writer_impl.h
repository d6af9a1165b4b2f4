// Writer over one connection. Internal to mongo/.
#pragma once

#include <atomic>

#include "mongo/connection.h"
#include "mongo/validator_bypass.h"
#include "mongo/write_command.h"
#include "mongo/writer.h"

namespace ddsync::mongo {

class CommandWriter final : public Writer {
 public:
  // `transaction_number` is shared by the writers of an endpoint and outlives them: the driver may give the
  // session of a closed writer to a new one, whose numbers must still be higher.
  // So is `bypass`.
  CommandWriter(mongoc_client_pool_t* pool, const TargetLimits& limits,
                std::atomic<int64_t>& transaction_number, ValidatorBypass& bypass)
      : connection_(pool),
        fenced_(limits.refuses_late_writes),
        transaction_number_(transaction_number),
        bypass_(bypass),
        command_(limits.replaces_empty_timestamps) {}

  WriteOutcome write(const WriteBatch& batch) override;
  std::optional<Error> change_schema(const SchemaChange& change, const NamespaceFilter& filter) override;

 private:
  WriteOutcome send(const WriteBatch& batch, bool past_validators);

  Connection connection_;
  bool fenced_;
  std::atomic<int64_t>& transaction_number_;
  ValidatorBypass& bypass_;
  WriteCommand command_;
};

}  // namespace ddsync::mongo
