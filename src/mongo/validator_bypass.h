// Documents of the source that a validator of the target refuses: older than the validator, or valid under
// the one that comes next. The source decides what a document may be, so from the first refusal in a database
// on, documents are written there with `bypassDocumentValidation` (MongoDB 3.2; needs the action of that
// name, of the roles dbAdmin and restore). DocumentDB takes the field and leaves it aside. Thread-safety: any
// thread.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "engine/write.h"

namespace ddsync::mongo {

class ValidatorBypass {
 public:
  // In one of the batch's databases.
  bool in_use(const WriteBatch& batch) const;

  // Of a batch of one part: the user may not use it there. Commands go without it from now on.
  void deny(const WriteBatch& batch);

  // The outcome of a command that went without it: what a validator refused is to be tried again, with it.
  // Where it was denied, the refusals say so and stay.
  void judge(const WriteBatch& batch, WriteOutcome& outcome);

 private:
  enum class State : uint8_t { in_use, denied };

  State refused_in(const std::string& database);

  std::atomic<bool> any_{false};  // spares the lock where no validator refuses anything
  mutable std::mutex mutex_;
  std::map<std::string, State> databases_;
};

}  // namespace ddsync::mongo
