#include "mongo/validator_bypass.h"

namespace ddsync::mongo {
namespace {

constexpr int kDocumentValidationFailure = 121;

}  // namespace

void ValidatorBypass::judge(WriteOutcome& outcome) {
  if (outcome.failed) return;
  for (OperationError& refused : outcome.operation_errors) {
    if (refused.error.code != kDocumentValidationFailure) continue;
    State expected = State::not_needed;
    state_.compare_exchange_strong(expected, State::in_use, std::memory_order_relaxed);
    if (expected == State::denied) {
      refused.error.message +=
          " (and the target's user may not write past a validator: it lacks the action "
          "bypassDocumentValidation)";
    } else {
      refused.error.treatment = Treatment::retry;
      refused.error.message += " (from now on documents are written past validators)";
    }
  }
}

}  // namespace ddsync::mongo
