// Writes batches to the target: one insert, update, delete or bulkWrite command each, raw BSON in and out.
// A fenced writer sends its own lsid and a txnNumber that rises with every command, tries and retries alike:
// a server with retryable writes then refuses (225) a late duplicate of an earlier try (RELIABILITY J1).
// Never retries by itself: the engine does. Thread-safety: one thread.
#pragma once

#include "engine/schema_change.h"
#include "engine/write.h"
#include "mongo/endpoint.h"

namespace ddsync::mongo {

// What change_schema answers for a collection that is there with other options.
inline constexpr int kNamespaceExists = 48;

class Writer {
 public:
  virtual ~Writer() = default;

  // Carries out the batch. Network errors, timeouts and write concern errors come back as `failed` with
  // Error::outcome_unknown set.
  virtual WriteOutcome write(const WriteBatch& batch) = 0;

  // Carries out a schema change; a drop of what is not there is success, a rename of it Treatment::missing.
  // Creations and changes that were done before are success, see mongo/schema.h.
  virtual std::optional<Error> change_schema(const SchemaChange& change, const NamespaceFilter& filter) = 0;
};

}  // namespace ddsync::mongo
