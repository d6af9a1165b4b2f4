// Documents of the source that a validator of the target refuses: older than the validator, or valid under
// the one that comes next. The source decides what a document may be, so they are written with
// `bypassDocumentValidation` (MongoDB 3.2; needs the action of that name, of the roles dbAdmin and restore)
// from the first refusal on. DocumentDB takes the field and leaves it aside. Thread-safety: any thread.
#pragma once

#include <atomic>

#include "engine/write.h"

namespace ddsync::mongo {

class ValidatorBypass {
 public:
  bool in_use() const { return state_.load(std::memory_order_relaxed) == State::in_use; }

  // The user may not use it: commands go without it from now on.
  void deny() { state_.store(State::denied, std::memory_order_relaxed); }

  // The outcome of a command that went without it: what a validator refused is to be tried again, with it.
  // Where it was denied, the refusals say so and stay.
  void judge(WriteOutcome& outcome);

 private:
  enum class State : uint8_t { not_needed, in_use, denied };
  std::atomic<State> state_{State::not_needed};
};

}  // namespace ddsync::mongo
