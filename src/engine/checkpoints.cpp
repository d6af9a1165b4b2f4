#include "engine/checkpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ddsync {
namespace {

// Positions that moved without an event are worth a write only now and then.
constexpr Duration kIdleMoveInterval = Duration::seconds(5);
constexpr Duration kProgressInterval = Duration::milliseconds(500);
// Applied changes do not stay unpersisted longer than this, however few they are.
constexpr Duration kUnpersistedMax = Duration::seconds(1);
// A checkpoint costs CPU (two fsyncs, 0.25 to 1.4 ms measured), more with many entries: it shall not take
// more than a small part of a core. At low load, where every event leaves nothing waiting, it would be one
// checkpoint an event. So the disk sets the pace: it is left alone for some times as long as the last one
// took.
constexpr Duration kSpacing = Duration::milliseconds(25);
constexpr Duration kSpacingMax = Duration::milliseconds(100);
constexpr int64_t kDiskAloneTimes = 4;
constexpr int64_t kSpacingPerEntryUs = 40;

}  // namespace

Checkpoints::Checkpoints(Shared& shared, std::function<Checkpoint()> build)
    : shared_(shared),
      build_(std::move(build)),
      generation_(shared.options.resume_from.generation),
      durable_(generation_) {}

uint64_t Checkpoints::request() {
  forced_ = true;
  return generation_ + 1;
}

void Checkpoints::on_durable(uint64_t generation) {
  if (attempt_ > 0) shared_.notice(output::Level::info, "the state file can be written again");
  attempt_ = 0;
  in_flight_ = false;
  durable_ = std::max(durable_, generation);
  in_flight_events_ = 0;
  took_ = shared_.now - last_;
  shared_.counters.checkpoints += 1;
}

void Checkpoints::on_failed(uint64_t /*generation*/, const Error& error) {
  in_flight_ = false;
  forced_ = true;
  unpersisted_ += std::exchange(in_flight_events_, 0);
  if (attempt_++ == 0) failing_since_ = last_;
  not_before_ = shared_.now + shared_.backoff(attempt_);
  shared_.counters.errors += 1;
  if (attempt_ == 1) {
    shared_.notice(
        output::Level::error,
        fmt::format("the state cannot be made durable: {}; reading is paused, the write is tried again "
                    "until it succeeds; nothing is lost",
                    describe(error)));
  }
}

bool Checkpoints::worth_it(bool idle) const {
  return unpersisted_ > 0 && (idle || unpersisted_ >= shared_.options.persist_interval);
}

bool Checkpoints::wanted(bool idle) const {
  if (forced_) return true;
  const Duration since_last = shared_.now - last_;
  if (worth_it(idle) && since_last >= spacing()) return true;
  if (unpersisted_ > 0 && since_last >= kUnpersistedMax) return true;
  if (progressed_ && since_last >= kProgressInterval) return true;
  return moved_ && since_last >= kIdleMoveInterval;
}

void Checkpoints::pump(bool idle) {
  if (in_flight_ || shared_.now < not_before_ || !wanted(idle)) return;
  Checkpoint checkpoint = build_();
  checkpoint.generation = ++generation_;
  weight_ = checkpoint.streams.size() + checkpoint.suspects.size() + checkpoint.copies.size();
  in_flight_ = true;
  forced_ = false;
  moved_ = false;
  progressed_ = false;
  in_flight_events_ = std::exchange(unpersisted_, 0);
  last_ = shared_.now;
  shared_.emit(output::Persist{std::move(checkpoint)});
}

Instant Checkpoints::next_wake(bool idle) const {
  if (in_flight_) return {};
  if (forced_) return not_before_;
  if (worth_it(idle)) return std::max(not_before_, last_ + spacing());
  if (unpersisted_ > 0) return std::max(not_before_, last_ + kUnpersistedMax);
  if (progressed_) return std::max(not_before_, last_ + kProgressInterval);
  if (moved_) return std::max(not_before_, last_ + kIdleMoveInterval);
  return {};
}

Duration Checkpoints::spacing() const {
  const Duration alone = std::clamp(Duration{kDiskAloneTimes * took_.us}, kSpacing, kSpacingMax);
  return {took_.us + alone.us + kSpacingPerEntryUs * static_cast<int64_t>(weight_)};
}

}  // namespace ddsync
