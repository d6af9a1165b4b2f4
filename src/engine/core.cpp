#include "engine/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ddsync {
namespace {

// For the last checkpoint, when writes took all the time there was.
constexpr Duration kDiskGrace = Duration::seconds(3);
constexpr Duration kComparedBeforeEnd = Duration::seconds(10);
constexpr size_t kGapsNamedMax = 10;  // in the last line of the log; each has its own line before

}  // namespace

Engine::Core::Core(EngineOptions options)
    : shared_(std::move(options)),
      pending_(shared_.options.filter, shared_.options.streams),
      acknowledger_(shared_),
      checkpoints_(shared_, [this] { return build_checkpoint(); }),
      suspects_(shared_, pending_, checkpoints_,
                [this](uint32_t stream) -> const Stream& { return streams_.at(stream); }),
      lookups_(shared_.options.resume_from, pending_, suspects_),
      refusals_(shared_, pending_, acknowledger_, suspects_),
      writers_(shared_, pending_, acknowledger_, checkpoints_, suspects_, refusals_),
      streams_(shared_, checkpoints_),
      copies_(shared_, streams_, pending_, acknowledger_, checkpoints_, suspects_, writers_),
      set_aside_(shared_, pending_, acknowledger_, refusals_, suspects_, streams_),
      barriers_(shared_, streams_, checkpoints_, acknowledger_, writers_, refusals_, suspects_, lookups_,
                copies_),
      intake_(shared_, streams_, pending_, acknowledger_, barriers_, copies_, suspects_, lookups_) {}

void Engine::Core::step(Instant now, Input&& input, Outputs& outputs) {
  if (finished_) return;
  shared_.now = now;
  shared_.outputs = &outputs;
  if (wake_at_ <= now) wake_at_ = {};
  std::visit([this](auto&& given) { on(std::forward<decltype(given)>(given)); }, std::move(input));
  pump();
  shared_.outputs = nullptr;
}

void Engine::Core::on(input::TargetReady&& ready) {
  shared_.limits = ready.limits;
  writers_.on_target_ready();
  if (std::exchange(shared_.target_ready, true)) return;
  suspects_.resume();
  copies_.resume();
  // The durable state says that nothing is on its way: no longer so with the first write.
  if (shared_.options.resume_from.clean_end) first_generation_ = checkpoints_.request();
  streams_.open_all();
}

void Engine::Core::on(input::StreamOpened&& opened) { streams_.on_opened(opened); }
void Engine::Core::on(input::StreamBatch&& batch) { intake_.on_batch(std::move(batch)); }
void Engine::Core::on(input::StreamFailed&& failed) { streams_.on_failed(failed); }
void Engine::Core::on(input::StreamSpooled&& spooled) { streams_.on_spooled(spooled); }
void Engine::Core::on(input::SpoolBatch&& batch) { intake_.on_spool_batch(std::move(batch)); }
void Engine::Core::on(input::SpoolFailed&& failed) { streams_.on_spool_failed(failed); }
void Engine::Core::on(input::WriteFinished&& finished) { writers_.on_finished(std::move(finished)); }
void Engine::Core::on(input::SchemaChanged&& changed) {
  if (!copies_.on_changed(changed)) barriers_.on_changed(std::move(changed));
}
void Engine::Core::on(input::CheckpointDurable&& durable) {
  checkpoints_.on_durable(durable.generation);
  streams_.on_durable(spool_next_);
}
void Engine::Core::on(input::CheckpointFailed&& failed) {
  checkpoints_.on_failed(failed.generation, failed.error);
}
void Engine::Core::on(input::QuarantineDurable&& durable) { refusals_.on_durable(durable.id); }
void Engine::Core::on(input::QuarantineFailed&& failed) { refusals_.on_failed(failed.id, failed.error); }
void Engine::Core::on(input::Compared&& compared) { suspects_.on_compared(std::move(compared)); }
void Engine::Core::on(input::CopyPlanned&& planned) { copies_.on_planned(std::move(planned)); }
void Engine::Core::on(input::RangeBatch&& batch) { copies_.on_batch(std::move(batch)); }
void Engine::Core::on(input::RangeFailed&& failed) { copies_.on_failed(failed); }
void Engine::Core::on(input::Tick&& /*tick*/) {}
void Engine::Core::on(input::Stop&& /*stop*/) { shared_.end(output::StopReason::requested, {}); }

void Engine::Core::pump() {
  pump_parts();
  while (set_aside_.pump()) pump_parts();
  end_when_only_gaps_are_left();
  end_when_copied();
  pump_ending();
  if (!finished_) {
    checkpoints_.pump(idle());
    wish_wake();
  }
}

void Engine::Core::pump_parts() {
  move_watermarks();
  barriers_.pump();
  intake_.pump();
  copies_.pump();
  barriers_.pump();  // one that was met just now and has nothing to wait for: no later input would move it
  if (checkpoints_.durable(first_generation_)) writers_.pump();
  refusals_.pump();
  suspects_.pump();
  move_watermarks();
  streams_.pump(held_bytes(), !checkpoints_.failing());
  copies_.ask_for_plans();
}

void Engine::Core::move_watermarks() { checkpoints_.applied(acknowledger_.advance()); }

void Engine::Core::end_when_only_gaps_are_left() {
  if (shared_.ending || !shared_.target_ready || !streams_.all_in_gap()) return;
  if (events_waiting() > 0 || refusals_.outstanding()) return;
  std::string reasons;
  size_t named = 0;
  for (const Stream& stream : streams_.all()) {
    if (++named > kGapsNamedMax) continue;
    reasons += fmt::format("{}{} ({})", named == 1 ? "" : ", ", stream.scope.name(), stream.gap_reason);
  }
  if (named > kGapsNamedMax) reasons += fmt::format(" and {} more", named - kGapsNamedMax);
  shared_.end(
      output::StopReason::gap,
      fmt::format(
          "no stream can go on from its position: {}. Copy the data anew, or accept the gap: start with "
          "--accept-gap NAME (or all) to go on from now",
          reasons));
}

void Engine::Core::end_when_copied() {
  if (!shared_.options.copy.only || shared_.ending || !shared_.target_ready || !copies_.finished()) return;
  // A source that is never quiet leaves always something on its way.
  const auto settled = [this](const Stream& stream) {
    return stream.ledger.all_acknowledged() || stream.keeps_up(shared_.now);
  };
  if (!std::all_of(streams_.all().begin(), streams_.all().end(), settled)) return;
  if (refusals_.outstanding() || suspects_.repairs().waiting() > 0 || waits_for_comparisons()) return;
  const auto is_gap = [](const Stream& stream) { return stream.is_gap(); };
  if (std::any_of(streams_.all().begin(), streams_.all().end(), is_gap)) {
    shared_.end(output::StopReason::gap, "everything is copied but what is in a gap: copy that anew");
  } else {
    const bool lacks = shared_.counters.events_quarantined > 0 || copies_.indexes_refused() > 0;
    shared_.end(lacks ? output::StopReason::refused_document : output::StopReason::requested,
                "everything is copied" + left_by_copy());
  }
}

// In a collection that is never quiet they may come to no end.
bool Engine::Core::waits_for_comparisons() {
  if (suspects_.not_told() == 0) return false;
  if (compares_since_ == Instant{}) compares_since_ = shared_.now;
  return shared_.now - compares_since_ < kComparedBeforeEnd;
}

// What the two sides may still differ in.
std::string Engine::Core::left_by_copy() const {
  std::string left;
  const auto tell = [&left](uint64_t count, std::string_view what) {
    if (count > 0) left += fmt::format("{} {} {}", left.empty() ? ", but:" : ",", count, what);
  };
  tell(shared_.counters.events_quarantined, "documents are in the dead-letter file");
  tell(copies_.indexes_refused(), "collections lack indexes that the target refused (see above)");
  const uint64_t not_told = suspects_.not_told();
  tell(not_told, "documents are not compared yet, `documentdb-sync run` does that");
  tell(suspects_.size() - not_told,
       "documents that a killed process may still write are compared once more by `documentdb-sync run`, "
       "apply.late_write_max after its start");
  tell(suspects_.unproven_namespaces(), "collections are not proven to be equal");
  return left;
}

void Engine::Core::pump_ending() {
  if (!shared_.ending) return;
  const bool in_flight =
      writers_.any_in_flight() || barriers_.any_running() || copies_.running() > 0 || refusals_.in_flight();
  const bool late = shared_.now >= shared_.ending->deadline;
  if (in_flight && !late) return;
  if (!std::exchange(shared_.ending->unknown_settled, true)) {
    const bool unknown = writers_.suspect_unknown();
    if (unknown || !checkpoints_.failing()) checkpoints_.request();
  }
  checkpoints_.settle();
  checkpoints_.pump(true);
  const bool disk_late = shared_.now >= shared_.ending->deadline + kDiskGrace;
  if (!checkpoints_.settled() && !disk_late) return;
  streams_.close_all();
  const bool kept = checkpoints_.settled();
  finished_ = true;
  output::Finished finished{shared_.ending->reason, shared_.ending->text};
  if (!kept) {
    finished.reason = output::StopReason::local_disk;
    if (!finished.text.empty()) finished.text += ". And ";
    finished.text +=
        "the last position could not be made durable; the next start repeats some changes, nothing is lost";
  }
  shared_.emit(std::move(finished));
}

bool Engine::Core::idle() const { return events_waiting() == 0 && !writers_.any_in_flight(); }

uint64_t Engine::Core::events_waiting() const {
  uint64_t waiting = 0;
  for (const Stream& stream : streams_.all()) waiting += stream.ledger.waiting();
  return waiting;
}

uint64_t Engine::Core::held_bytes() const {
  uint64_t bytes = suspects_.repairs().bytes() + copies_.bytes();
  for (const Stream& stream : streams_.all()) bytes += stream.ledger.bytes();
  return bytes;
}

void Engine::Core::wish_wake() {
  Instant next;
  const auto consider = [&next](Instant wish) { next = sooner(next, wish); };
  if (shared_.ending) {
    const Instant deadline = shared_.ending->deadline;
    consider(shared_.now < deadline ? deadline : deadline + kDiskGrace);
  } else {
    consider(writers_.next_wake());
    consider(streams_.next_wake());
    consider(barriers_.next_wake());
    consider(copies_.next_wake());
    consider(suspects_.next_wake());
    consider(refusals_.next_wake());
  }
  consider(checkpoints_.next_wake(idle()));
  if (next == Instant{} || next == wake_at_) return;
  wake_at_ = next;
  shared_.emit(output::WakeAt{next});
}

Checkpoint Engine::Core::build_checkpoint() {
  Checkpoint checkpoint;
  spool_next_ = streams_.spool_next();
  checkpoint.source = shared_.options.resume_from.source;
  checkpoint.stats = shared_.stats;
  checkpoint.stats.errors = shared_.options.resume_from.stats.errors + shared_.counters.errors;
  // What a killed process before this one may have sent is known once all of it was read again.
  checkpoint.clean_end = shared_.ending && shared_.ending->unknown_settled && !writers_.any_in_flight() &&
                         !barriers_.any_running() && !streams_.any_inherited() && !copies_.any_interrupted();
  streams_.fill(checkpoint);
  suspects_.fill(checkpoint);
  lookups_.fill(checkpoint);
  copies_.fill(checkpoint);
  return checkpoint;
}

}  // namespace ddsync
