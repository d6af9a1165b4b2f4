#include "observe/progress_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/plain_text.h"

namespace ddsync::observe {
namespace {

// Longer than a command may take by default before it counts as failed (60 s, mongo/endpoint.h).
constexpr Duration kStandsStill = Duration::seconds(75);
constexpr Duration kSaidAgainEvery = Duration::seconds(600);
constexpr size_t kNamedMax = 5;

int64_t whole_seconds(Duration duration) { return duration.us / 1'000'000; }

// In the other states it is not read: there is nothing it could answer.
bool shall_answer(StreamState state) {
  switch (state) {
    case StreamState::opening:
    case StreamState::live:
    case StreamState::copying:
    case StreamState::spooling:
    case StreamState::reconnecting:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string ProgressWatch::look(const EngineStatus& status) {
  stalled_.clear();
  seen_.resize(status.streams.size(), {0, 0, 0, status.now, {}});
  for (size_t i = 0; i < seen_.size(); ++i) look_at(status.streams[i], seen_[i], status.now);
  look_at_answer("a writer (the target has not answered", status.unanswered_since, status.now);
  look_at_answer("the state (its disk has not taken it", status.persisting_since, status.now);
  if (stalled_.empty()) {
    if (said_ == 0) return {};
    said_ = 0;
    return "progress again: nothing stands still any more";
  }
  said_ = std::min(said_, stalled_.size());
  if (stalled_.size() == said_ && status.now < say_again_at_) return {};
  said_ = stalled_.size();
  say_again_at_ = status.now + kSaidAgainEvery;
  return "no progress: " + some_stalled(stalled_);
}

void ProgressWatch::look_at(const StreamStatus& stream, Seen& seen, Instant now) {
  const uint64_t waiting = stream.events_read - stream.events_applied;
  const bool has_to_wait = stream.state == StreamState::copying || stream.state == StreamState::gap;
  const bool in_spool = !has_to_wait && stream.spooled_batches > 0;
  const bool waits = waiting > 0 || in_spool;
  const bool moves = stream.watermark != seen.watermark || stream.events_applied != seen.applied ||
                     stream.spooled_batches < seen.spooled;
  if (!waits || moves) seen.since = now;
  if (!shall_answer(stream.state)) seen.read_since = now;
  seen.watermark = stream.watermark;
  seen.applied = stream.events_applied;
  seen.spooled = stream.spooled_batches;
  const Duration still = now - seen.since;
  const Duration silent = now - std::max(stream.last_answer, seen.read_since);
  if (still >= kStandsStill) {
    stalled_.push_back(fmt::format("{} (no change applied for {} s, {} wait{})", stream.scope,
                                   whole_seconds(still), waiting, in_spool ? ", more in the spool" : ""));
  } else if (shall_answer(stream.state) && stream.last_answer != Instant{} && silent >= kStandsStill) {
    stalled_.push_back(
        fmt::format("{} (nothing has come from the source for {} s)", stream.scope, whole_seconds(silent)));
  }
}

void ProgressWatch::look_at_answer(const char* what, Instant since, Instant now) {
  if (since == Instant{} || now - since < kStandsStill) return;
  stalled_.push_back(fmt::format("{} for {} s)", what, whole_seconds(now - since)));
}

std::string some_stalled(const std::vector<std::string>& stalled) {
  return config::some_of(stalled, kNamedMax);
}

}  // namespace ddsync::observe
