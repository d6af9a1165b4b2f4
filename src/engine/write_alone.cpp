// Documents that the target does not take, and of which it does not say that they are the cause.
#include <algorithm>
#include <utility>
#include <vector>

#include "engine/writers.h"

namespace ddsync {
namespace {

constexpr uint32_t kTriesTogether = 3;
constexpr Duration kPauseLeast = Duration::seconds(1);
constexpr Duration kPauseMost = Duration::seconds(60);
// An outage of a part of the target fails some writes for as long as it lasts.
constexpr Duration kRefusedAfter = Duration::seconds(900);

}  // namespace

// What the gateway of DocumentDB makes of every error that it does not know, also of a single operation
// (transform_error): of an outage, or of one document.
bool Writers::may_be_the_document(const Writer& writer, const Error& error) {
  constexpr int kInternalError = 1;
  const bool was_alone = writer.entries.size() == 1 && writer.entries.front()->alone_since != Instant{};
  return error.code == kInternalError && (was_alone || writer.attempt >= kTriesTogether);
}

void Writers::isolate(uint32_t index, const Error& error) {
  Writer& writer = writers_[index];
  if (writer.entries.size() == 1) {
    let_go(index, error);
    return;
  }
  halve(writer);
  wait(index, error);
}

// The writer goes on with the others. The document is refused once others were taken for long, and it was
// not.
void Writers::let_go(uint32_t index, const Error& error) {
  KeyEntry& entry = *std::exchange(writers_[index].entries, {}).front();
  if (entry.alone_since == Instant{}) {
    entry.alone_since = shared_.now;
    refusals_.tell_alone(entry, error, kRefusedAfter);
  }
  const Duration since = shared_.now - entry.alone_since;
  if (since >= kRefusedAfter && answered_at_ > entry.alone_since) {
    Error refused = error;
    refused.treatment = Treatment::permanent;
    settle_refused(entry, refused);
  } else {
    if (error.outcome_unknown) suspects_.add(*entry.ns, entry.flight.id);  // another writer sends it again
    alone_.push_back({&entry, shared_.now + std::clamp(Duration{since.us / 4}, kPauseLeast, kPauseMost)});
  }
  send_rest(index);
}

void Writers::send_alone() {
  const auto due = [this](const Alone& alone) { return alone.resume_at <= shared_.now; };
  while (!free_.empty()) {
    const auto next = std::ranges::find_if(alone_, due);
    if (next == alone_.end()) return;
    KeyEntry* entry = next->entry;
    alone_.erase(next);
    if (entry->has_pending) {  // a newer version
      pending_.send_again(*entry, entry->flight.kind);
      continue;
    }
    const uint32_t index = free_.back();
    free_.pop_back();
    writers_[index].entries = {entry};
    writers_[index].attempt = 0;
    writers_[index].unknown = false;
    send(index);
  }
}

}  // namespace ddsync
