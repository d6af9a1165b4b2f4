#include "mongo/validator_bypass.h"

#include <algorithm>

namespace ddsync::mongo {
namespace {

constexpr int kDocumentValidationFailure = 121;

const std::string& database_of(const WriteBatch& batch, uint32_t operation) {
  uint32_t end = 0;
  for (const WritePart& part : batch.parts) {
    end += part.operations;
    if (operation < end) return part.ns.database;
  }
  return batch.parts.back().ns.database;
}

}  // namespace

bool ValidatorBypass::in_use(const WriteBatch& batch) const {
  if (!any_.load(std::memory_order_relaxed)) return false;
  const std::lock_guard lock(mutex_);
  return std::any_of(batch.parts.begin(), batch.parts.end(), [this](const WritePart& part) {
    const auto found = databases_.find(part.ns.database);
    return found != databases_.end() && found->second == State::in_use;
  });
}

void ValidatorBypass::deny(const WriteBatch& batch) {
  const std::lock_guard lock(mutex_);
  databases_[batch.parts.front().ns.database] = State::denied;
}

void ValidatorBypass::judge(const WriteBatch& batch, WriteOutcome& outcome) {
  if (outcome.failed) return;
  for (OperationError& refused : outcome.operation_errors) {
    if (refused.error.code != kDocumentValidationFailure) continue;
    if (refused_in(database_of(batch, refused.index)) == State::denied) {
      refused.error.message +=
          " (and the target's user may not write past a validator there: it lacks the action "
          "bypassDocumentValidation)";
    } else {
      refused.error.treatment = Treatment::retry;
      refused.error.message += " (from now on documents are written past validators there)";
    }
  }
}

ValidatorBypass::State ValidatorBypass::refused_in(const std::string& database) {
  const std::lock_guard lock(mutex_);
  any_.store(true, std::memory_order_relaxed);
  return databases_.emplace(database, State::in_use).first->second;
}

}  // namespace ddsync::mongo
