#include "sim/world.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "bson/extended_json.h"
#include "bson/writer.h"
#include "sim/violation.h"

namespace ddsync::sim {
namespace {

constexpr Instant kStart = {1'000'000};
constexpr Duration kLookInterval = Duration::milliseconds(250);
constexpr uint64_t kStepsMax = 400'000;

// Memory may go above the limit by one event for each stream; some of their sizes come unexpected.
constexpr uint64_t kUnexpectedEvents = 8;
constexpr uint64_t kEventBytes = 2'048;  // without padding, with what an event costs beside its bytes

std::string in_words(const WriteBatch& write) {
  constexpr const char* kKinds[] = {"insert", "replace", "remove"};
  std::string text = fmt::format("writer {}, try {}:", write.writer.value, write.attempt);
  auto operation = write.operations.begin();
  for (const WritePart& part : write.parts) {
    text += fmt::format(" {} {}", kKinds[static_cast<size_t>(part.kind)], part.ns.name());
    for (uint32_t i = 0; i < part.operations; ++i, ++operation) {
      text += " " + to_extended_json(operation->id);
      if (!operation->document.empty())
        text += fmt::format("=v{}", find_value(operation->document, "v").as_int64());
    }
  }
  return text;
}

Duration time_to_settle(const Profile& profile) {
  const Duration to_find_its_pace = Duration::seconds(profile.target.operations_in_time > 0 ? 300 : 0);
  return {Duration::seconds(120).us + to_find_its_pace.us + 4 * profile.engine.late_write_max.us};
}

Duration half(Duration whole) { return {whole.us / 2}; }

}  // namespace

World::World(uint64_t seed, Trace& trace)
    : trace_(trace),
      random_(seed),
      profile_(make_profile(random_)),
      time_(kStart),
      around_{profile_, random_, time_, trace_},
      source_(profile_.workload.unique_index, profile_.workload.options > 0,
              profile_.workload.renamed_is_another),
      spool_link_(around_),
      source_link_(around_, source_, spool_link_),
      copy_link_(around_, source_),
      target_link_(around_, source_),
      disk_link_(around_, [this] { die_ = true; }),
      workload_(around_, source_, [this] { source_link_.on_change(); }),
      crashes_left_(profile_.crashes) {
  around_.give = [this](Input&& input) { give(std::move(input)); };
}

void World::run() {
  const EngineOptions& engine = profile_.engine;
  trace_.line(time_.now(), "{} source, {} writers, late writes within {} ms, {} by the target; {} on error",
              profile_.dialect == Dialect::mongodb ? "MongoDB" : "DocumentDB", engine.writers,
              engine.late_write_max.us / 1000, profile_.limits.refuses_late_writes ? "refused" : "taken",
              engine.on_error == OnError::stop ? "stop" : "quarantine");
  source_link_.undisturbed(!profile_.gives_start_position);
  source_link_.outages().plan(around_, profile_.source.outages, Duration::seconds(5));
  target_link_.outages().plan(around_, profile_.target.outages, Duration::seconds(5));
  disk_link_.full().plan(around_, profile_.disk.full, Duration::seconds(5));
  copy_link_.outages().plan(around_, profile_.source.outages, Duration::seconds(5));
  workload_.fill(profile_.documents_before);
  start_process();
  time_.after(kLookInterval, [this] { look(); });
  while (!ended_) {
    require(!time_.empty(), "nothing is left to happen and the run is not over");
    require(++steps_ < kStepsMax, "no end: the engine is busy without getting anywhere");
    time_.run_next();
    if (die_) crash();
    maybe_crash();
  }
}

void World::start_process() {
  around_.life += 1;
  die_ = stopping_ = false;
  std::optional<Checkpoint> checkpoint = disk_link_.load_at_start();
  if (!checkpoint) {
    trace_.line(time_.now(), "the start is refused: the state cannot be read");
    time_.after(random_.milliseconds(0, 1'000), [this] { start_process(); });
    return;
  }
  EngineOptions options = profile_.engine;
  options.filter = around_.filter();
  options.resume_from = *std::move(checkpoint);
  options.spool = spool_link_.contents();
  options.seed = random_.next();
  for (const Namespace& ns : options.resume_from.missed_lookups) missed_lookups_.insert(ns);
  for (size_t i = 0; i < options.resume_from.streams.size(); ++i) {
    const StreamCheckpoint& stream = options.resume_from.streams[i];
    starts_.insert({i, change_number(stream.position)});
    // A spool that began behind a watermark that was not durable yet.
    if (const uint64_t first = spool_link_.first_change(i, stream.spool_next); first > 0)
      starts_.insert({i, first - 1});
  }
  trace_.line(time_.now(), "process {} starts from checkpoint {}", around_.life,
              options.resume_from.generation);
  engine_ = std::make_unique<Engine>(std::move(options));
  give(input::TargetReady{profile_.limits});
}

void World::crash() {
  trace_.line(time_.now(), "kill -9");
  trace_.mix(0xDEAD);
  engine_.reset();
  around_.life += 1;
  die_ = false;
  source_link_.forget_cursors();
  copy_link_.forget_cursors();
  spool_link_.on_crash();
  target_link_.on_crash();
  disk_link_.on_crash();
  time_.after(random_.milliseconds(0, 2'000), [this] { start_process(); });
}

void World::maybe_crash() {
  if (!around_.storm || !engine_ || crashes_left_ == 0 || ended_) return;
  if (!profile_.gives_start_position && !disk_link_.all_positions_durable()) return;
  if (random_.below(profile_.crash_every_steps) != 0) return;
  crashes_left_ -= 1;
  if (random_.percent(30)) {
    disk_link_.kill_soon();
  } else if (random_.percent(15)) {
    stopping_ = true;
    trace_.line(time_.now(), "a graceful stop");
    give(input::Stop{});
  } else {
    crash();
  }
}

void World::give(Input&& input) {
  if (!engine_) return;
  trace_.mix(input.index() + 1);
  const bool brings_events = std::holds_alternative<input::StreamBatch>(input);
  Outputs outputs;
  engine_->step(time_.now(), std::move(input), outputs);
  if (brings_events && profile_.workload.padding > 0) check_bounds(engine_->status());
  for (Output& output : outputs) {
    trace_.mix(0x100 + output.index());
    carry_out(output);
  }
}

void World::carry_out(Output& output) {
  if (auto* open = std::get_if<output::OpenStream>(&output)) {
    trace_.line(time_.now(), "open stream {} at change {}", open->stream.value,
                change_number(open->position));
    source_link_.open(*open);
  } else if (auto* read = std::get_if<output::ReadStream>(&output)) {
    carry_out(*read);
  } else if (auto* close = std::get_if<output::CloseStream>(&output)) {
    source_link_.close(close->stream);
  } else if (carry_out_copy(output)) {
    // done
  } else if (auto* write = std::get_if<WriteBatch>(&output)) {
    if (trace_.wants_lines()) trace_.line(time_.now(), "{}", in_words(*write));
    target_link_.write(*write);
  } else if (auto* change = std::get_if<SchemaChange>(&output)) {
    trace_.line(time_.now(), "{}, try {}", describe(*change), change->attempt);
    target_link_.change_schema(*change);
  } else if (auto* persist = std::get_if<output::Persist>(&output)) {
    trace_.line(time_.now(), "checkpoint {}", persist->checkpoint.generation);
    disk_link_.persist(*persist);
  } else if (auto* quarantine = std::get_if<output::Quarantine>(&output)) {
    disk_link_.quarantine(*quarantine);
  } else if (auto* compare = std::get_if<output::Compare>(&output)) {
    target_link_.compare(*compare);
  } else if (auto* wake = std::get_if<output::WakeAt>(&output)) {
    wake_at(wake->at);
  } else if (auto* notice = std::get_if<output::Notice>(&output)) {
    trace_.line(time_.now(), "log: {}", notice->text);
  } else if (std::holds_alternative<output::Watching>(output)) {
    // Changes made before a stream is open are not captured: that is the product's contract.
    if (!std::exchange(workload_started_, true)) workload_.start();
  } else if (auto* finished = std::get_if<output::Finished>(&output)) {
    on_finished(*finished);
  }
}

// Of the spool and the initial copy; false when it is of neither.
bool World::carry_out_copy(const Output& output) {
  if (const auto* read = std::get_if<output::ReadSpool>(&output)) {
    trace_.line(time_.now(), "read entry {} of spool {}", read->sequence, read->stream.value);
    spool_link_.read(*read);
  } else if (const auto* trim = std::get_if<output::TrimSpool>(&output)) {
    spool_link_.trim(*trim);
  } else if (const auto* plan = std::get_if<output::PlanCopy>(&output)) {
    trace_.line(time_.now(), "plan the copy of stream {} {}", plan->stream.value, plan->only.name());
    require_durable_start(plan->stream, "copied");
    copy_link_.plan(*plan);
  } else if (const auto* range = std::get_if<output::ReadRange>(&output)) {
    trace_.line(time_.now(), "reader {}: range {} {}", range->reader.value, range->range,
                range->bounds.ns.name());
    copy_link_.read(*range);
  } else {
    return false;
  }
  return true;
}

// Invariant 4: nothing is read before the start position is durable.
void World::carry_out(const output::ReadStream& order) {
  require_durable_start(order.stream, "read");
  if (order.spool_as != 0)
    trace_.line(time_.now(), "read stream {} into the spool, as {}", order.stream.value, order.spool_as);
  source_link_.read(order);
}

void World::require_durable_start(StreamId stream, const char* what) const {
  const std::string scope = profile_.engine.streams[stream.value].name();
  require(!profile_.gives_start_position || disk_link_.position_is_durable(scope),
          fmt::format("{} is {} before its start position is durable", scope, what));
}

void World::wake_at(Instant at) {
  const uint64_t serial = ++wake_serial_;
  const Duration late = random_.percent(20) ? random_.milliseconds(0, 20) : Duration{};
  time_.at(at + late, [this, serial] {
    if (serial == wake_serial_) give(input::Tick{});
  });
}

void World::on_finished(const output::Finished& finished) {
  trace_.line(time_.now(), "the process ends by itself: {}", finished.text);
  using output::StopReason;
  switch (finished.reason) {
    case StopReason::requested:
      require(stopping_, "the engine stopped without being asked to");
      break;
    case StopReason::access_denied:
      require(target_link_.denied_access(), "access was not denied: " + finished.text);
      break;
    case StopReason::refused_document:
      require(profile_.target.refused_document > 0 && profile_.engine.on_error == OnError::stop,
              "no document was to be refused: " + finished.text);
      target_link_.target().take_everything();
      break;
    case StopReason::gap:
      require(source_link_.histories_lost() > 0, "no history was lost: " + finished.text);
      around_.life += 1;
      engine_.reset();
      check_equal();
      ended_ = true;
      return;
    case StopReason::copy_refused:
      require(false, "no copy was to be refused: " + finished.text);
      break;
    case StopReason::local_disk:
      require(profile_.disk.fails + profile_.disk.full > 0, "the disk was healthy: " + finished.text);
      break;
  }
  die_ = false;
  source_link_.forget_cursors();
  copy_link_.forget_cursors();
  spool_link_.on_crash();
  // What is still on its way to the target stays on its way: the engine has ended without its answer.
  target_link_.on_end();
  around_.life += 1;
  engine_.reset();
  time_.after(random_.milliseconds(0, 1'000), [this] { start_process(); });
}

void World::maybe_disturb() {
  if (random_.percent(5) && engine_) {  // a fail-over to a server with other limits
    profile_.limits.operations_max = random_.percent(50) ? random_.between_u32(1, 20) : 25'000;
    target_link_.limits_changed();
    give(input::TargetReady{profile_.limits});
  }
  if (profile_.source.truncates_history && !history_forgotten_ && random_.percent(10)) {
    history_forgotten_ = true;
    source_.forget_before(source_.last_number() + 1);
    trace_.line(time_.now(), "the source forgets its history");
  }
  if (disk_link_.all_positions_durable()) source_link_.undisturbed(false);
}

// Now and then from outside: are the bounds kept, is the storm over, is everything settled?
void World::look() {
  if (around_.storm) {
    maybe_disturb();
    if (workload_.done() && (crashes_left_ == 0 || random_.percent(10))) {
      around_.storm = false;
      storm_ends_ = time_.now();
      trace_.line(time_.now(), "the storm is over");
    }
  }
  if (engine_) {
    const EngineStatus status = engine_->status();
    check_bounds(status);
    if (!around_.storm && settled(status)) {
      require(status.events_read == status.events_applied, "events were read and neither applied nor kept");
      check_equal();
      ended_ = true;
      return;
    }
  }
  require(around_.storm || time_.now() - storm_ends_ < time_to_settle(profile_),
          "the storm is over and the engine does not settle: " + unsettled());
  time_.after(kLookInterval, [this] { look(); });
}

void World::check_bounds(const EngineStatus& status) const {
  const uint64_t event = profile_.workload.padding + kEventBytes;
  const uint64_t replies = profile_.engine.streams.size() * kUnexpectedEvents +
                           profile_.engine.copy.readers * CopyLink::kDocumentsMax;
  const uint64_t most = profile_.engine.memory_bytes_max + replies * event + spool_link_.largest_entry();
  require(status.memory_bytes <= most, fmt::format("{} bytes are held, the limit is {}", status.memory_bytes,
                                                   profile_.engine.memory_bytes_max));
}

bool World::settled(const EngineStatus& status) const {
  if (!status.watching || status.events_waiting > 0 || status.unpersisted > 0) return false;
  if (status.copy_collections_left > 0 && source_link_.histories_lost() == 0) return false;
  // Suspects of a stream in a gap, and their repairs, stay as they are: it never catches up.
  const bool proven_by_now = time_.now() - storm_ends_ > half(time_to_settle(profile_));
  if (status.suspects + status.operations_set_aside > 0 &&
      !(source_link_.histories_lost() > 0 && proven_by_now))
    return false;
  if (target_link_.on_their_way() > 0) return false;
  const auto in_gap = [](const StreamStatus& stream) { return stream.state == StreamState::gap; };
  if (std::all_of(status.streams.begin(), status.streams.end(), in_gap)) return false;  // it will end itself
  for (uint32_t i = 0; i < status.streams.size(); ++i) {
    const StreamState state = status.streams[i].state;
    const bool fine = state == StreamState::live && source_link_.delivered_all({i});
    if (!fine && state != StreamState::gap) return false;
  }
  return true;
}

std::string World::unsettled() const {
  if (!engine_) return "no process";
  const EngineStatus status = engine_->status();
  std::string text = fmt::format(
      "watching {}, {} waiting, {} suspects, {} unpersisted, {} set aside, {} writes on their way",
      status.watching, status.events_waiting, status.suspects, status.unpersisted,
      status.operations_set_aside, target_link_.on_their_way());
  for (const StreamStatus& stream : status.streams)
    text += fmt::format("; {} {} {}", stream.scope, to_string(stream.state), stream.detail);
  return text;
}

// The first change that a stream brings after a start may have been executed before the process was killed.
std::set<uint64_t> World::renames_that_may_be_repeated() const {
  std::set<uint64_t> repeated;
  for (const auto& [stream, behind] : starts_) {
    const WatchScope& scope = profile_.engine.streams[stream];
    const auto told = [&](const Change& change) {
      return scope.contains(change.ns.database, change.ns.collection) ||
             scope.contains(change.to.database, change.to.collection);
    };
    const auto first =
        std::find_if(source_.log().begin() + static_cast<std::ptrdiff_t>(behind), source_.log().end(), told);
    if (first != source_.log().end() && first->kind == EventKind::rename) repeated.insert(first->number);
  }
  return repeated;
}

// A schema change of unknown outcome; one that leaves nothing where a killed copy's documents may land; a
// collection that came into scope by a rename; a rename of one with updates that came without their
// documents, when a restart has forgotten of which keys. Renames carry it on.
std::set<Namespace> World::unproven_with_cause() const {
  std::set<Namespace> with_cause = target_link_.may_be_unproven();
  const std::set<uint64_t> repeated = renames_that_may_be_repeated();
  const bool copied_late = profile_.engine.copy.mode != CopyMode::off && around_.life > 1;
  for (const Change& change : source_.log()) {
    const bool gone = change.kind == EventKind::drop || change.kind == EventKind::rename;
    if (gone && copied_late) with_cause.insert(change.ns);
    if (change.kind != EventKind::rename) continue;
    const auto& filter = profile_.grows_in_life > 0 ? profile_.filter_at_first : profile_.engine.filter;
    const bool unknown =
        !filter.contains(change.ns.database, change.ns.collection) || repeated.count(change.number) > 0;
    if (unknown || missed_lookups_.count(change.ns) > 0 || with_cause.count(change.ns) > 0)
      with_cause.insert(change.to);
    // Two streams, and only one tells of the rename: nobody knows what of the other one came before it.
    // And a gap of the one is one of the other.
    // Streams that began at different times, on either side of it, do not meet at it.
    const bool before_all = profile_.engine.copy.mode != CopyMode::off && profile_.engine.streams.size() > 1;
    if (!profile_.rename_seen_at_new_name || source_link_.histories_lost() > 0 || before_all)
      with_cause.insert(change.to);
  }
  return with_cause;
}

std::set<Namespace> World::exempt_namespaces() {
  const Checkpoint checkpoint = disk_link_.load();
  std::set<Namespace> exempt;
  const std::set<Namespace> with_cause = unproven_with_cause();
  for (const Namespace& ns : checkpoint.unproven_namespaces) {
    require(with_cause.count(ns) > 0, fmt::format("{} is called not proven without a cause", ns.name()));
    exempt.insert(ns);
  }
  const auto in_gap = [&](size_t stream) {
    return engine_ ? engine_->status().streams[stream].state == StreamState::gap
                   : !checkpoint.streams[stream].gap_reason.empty();
  };
  for (size_t i = 0; i < profile_.engine.streams.size(); ++i) {
    if (!in_gap(i)) continue;
    require(source_link_.histories_lost() > 0, "a gap, and no history was lost");
    const WatchScope& scope = profile_.engine.streams[i];
    for (const Namespace& ns : profile_.watched) {
      if (scope.contains(ns.database, ns.collection)) exempt.insert(ns);
    }
  }
  // What a gap swallowed may have been renamed into a collection whose own stream is not told of it.
  for (const Change& change : source_.log()) {
    if (change.kind == EventKind::rename && exempt.count(change.ns) > 0) exempt.insert(change.to);
  }
  return exempt;
}

void World::check_equal() {
  const std::set<Namespace> exempt = exempt_namespaces();
  const std::set<std::string> quarantined = disk_link_.quarantined();
  for (const Namespace& ns : profile_.watched) {
    if (exempt.count(ns) > 0 || !around_.filter().contains(ns.database, ns.collection)) continue;
    check_namespace(ns, quarantined);
    check_schema(ns);
  }
  for (const auto& [ns, collection] : target_link_.target().store().collections()) {
    require(profile_.engine.filter.contains(ns.database, ns.collection) || collection.documents().empty(),
            fmt::format("{} was written though it is not watched", ns.name()));
  }
}

// Indexes and options of what is there. A document that lands late may bring a dropped collection back, which
// then keeps its own options.
void World::check_schema(const Namespace& ns) const {
  const Collection* source = source_.store().find(ns);
  if (profile_.workload.options == 0 || source == nullptr) return;
  if (source_link_.histories_lost() > 0) return;  // nobody waits for what is left to be built then
  static const Collection empty;
  const Collection* found = std::as_const(target_link_).target().store().find(ns);
  const Collection& target = found != nullptr ? *found : empty;
  const bool may_come_back = profile_.target.lands_late > 0;
  require(may_come_back || source->options == target.options,
          fmt::format("{} has the options {} at the source and {} at the target", ns.name(), source->options,
                      target.options));
  const bool all_there = std::includes(target.indexes.begin(), target.indexes.end(), source->indexes.begin(),
                                       source->indexes.end());
  const bool none_more = target.indexes.size() == source->indexes.size();
  require(all_there && none_more,
          fmt::format("{} has the indexes {} at the source and {} at the target", ns.name(),
                      fmt::join(source->indexes, ","), fmt::join(target.indexes, ",")));
}

void World::check_namespace(const Namespace& ns, const std::set<std::string>& quarantined) {
  static const Collection empty;
  const Collection* source = source_.store().find(ns);
  const Collection* target = target_link_.target().store().find(ns);
  const auto& here = (source != nullptr ? *source : empty).documents();
  const auto& there = (target != nullptr ? *target : empty).documents();
  const auto expect_same = [&](const std::string& identity, const std::string* a, const std::string* b) {
    if (a != nullptr && b != nullptr && *a == *b) return;
    if (quarantined.count(identity) > 0) return;
    const auto version = [](const std::string* document) {
      return document == nullptr ? int64_t{0} : find_value(view_of(*document), "v").as_int64();
    };
    require(false, fmt::format("{}: document {} is version {} at the source and version {} at the target",
                               ns.name(), identity, version(a), version(b)));
  };
  for (const auto& [identity, document] : here) {
    const auto other = there.find(identity);
    expect_same(identity, &document, other == there.end() ? nullptr : &other->second);
  }
  for (const auto& [identity, document] : there) {
    if (here.count(identity) == 0) expect_same(identity, nullptr, &document);
  }
}

}  // namespace ddsync::sim
