// Documents that the target does not take, and of which it does not say that they are the cause.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "engine/writers.h"

namespace ddsync {
namespace {

constexpr uint32_t kTriesTogether = 3;
constexpr Duration kPauseLeast = Duration::seconds(1);
constexpr Duration kPauseMost = Duration::seconds(60);
// It is refused when others were taken before each of so many tries in a row, for so long.
constexpr uint32_t kTakenTriesLeast = 5;
constexpr Duration kRefusedAfter = Duration::seconds(900);
// Where nothing else is written: when no others failed for so long.
constexpr Duration kRefusedAfterQuiet = Duration::seconds(3'600);
// More are an outage of a part of the target, whatever else is taken.
constexpr size_t kAloneMost = 16;

}  // namespace

// What the gateway of DocumentDB makes of every error that it does not know, also of a single operation
// (transform_error): of an outage, or of one document.
bool Writers::may_be_the_document(const Writer& writer, const Error& error) {
  constexpr int kInternalError = 1;
  return error.code == kInternalError && (writer.alone || writer.attempt >= kTriesTogether);
}

void Writers::isolate(uint32_t index, const Error& error) {
  Writer& writer = writers_[index];
  if (writer.entries.size() > 1) {
    halve(writer);
    wait(index, error);
  } else if (writer.alone || taken_at_ > writer.failing_since) {
    let_go(index, error);
  } else {
    try_another(index, error);
  }
}

// Nothing was taken since the batch began to fail: an outage, or one of the others tells.
void Writers::try_another(uint32_t index, const Error& error) {
  Writer& writer = writers_[index];
  writer.rest.push_back(writer.entries.front());
  writer.entries = {writer.rest.front()};
  writer.rest.erase(writer.rest.begin());
  wait(index, error);
}

// The writer goes on with the others.
void Writers::let_go(uint32_t index, const Error& error) {
  Writer& writer = writers_[index];
  KeyEntry& entry = *std::exchange(writer.entries, {}).front();
  if (!writer.alone) {
    refusals_.tell_alone(entry, error, kRefusedAfter);
    writer.alone.emplace(entry, writer.failing_since);
  }
  Alone alone = *std::exchange(writer.alone, std::nullopt);
  if (counts_as_refused(alone)) {
    Error refused = error;
    refused.treatment = Treatment::permanent;
    settle_refused(entry, refused);
  } else {
    if (error.outcome_unknown) suspects_.add(*entry.ns, entry.flight.id);  // another writer sends it again
    const Duration quarter{(shared_.now - alone.since).us / 4};
    alone.tried_at = writer.sent_at;
    alone.resume_at = shared_.now + std::clamp(quarter, kPauseLeast, kPauseMost);
    alone_.push_back(alone);
  }
  send_rest(index);
}

bool Writers::counts_as_refused(Alone& alone) const {
  if (taken_at_ > alone.tried_at) {
    if (alone.taken_tries++ == 0) alone.taken_since = shared_.now;
  } else if (failed_at_ > alone.tried_at) {  // an outage
    alone.taken_tries = 0;
    alone.quiet_since = shared_.now;
  }
  if (alone_.size() >= kAloneMost) return false;
  const bool others_are_taken = alone.taken_tries >= kTakenTriesLeast;
  return (others_are_taken && shared_.now - alone.taken_since >= kRefusedAfter) ||
         shared_.now - alone.quiet_since >= kRefusedAfterQuiet;
}

void Writers::send_alone() {
  const auto due = [this](const Alone& alone) { return alone.resume_at <= shared_.now; };
  while (!free_.empty()) {
    const auto next = std::ranges::find_if(alone_, due);
    if (next == alone_.end()) return;
    const Alone alone = *next;
    alone_.erase(next);
    if (alone.entry->has_pending) {  // a newer version
      pending_.send_again(*alone.entry, alone.entry->flight.kind);
      continue;
    }
    begin({alone.entry}, alone);
  }
}

}  // namespace ddsync
