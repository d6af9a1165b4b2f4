#include "sim/profile.h"

#include <utility>

namespace ddsync::sim {
namespace {

// A fault that half of the seeds do not have.
uint32_t sometimes(Random& random, uint32_t most) {
  return random.percent(50) ? 0 : 1 + static_cast<uint32_t>(random.below(most));
}

void choose_scopes(Random& random, Profile& profile) {
  const Namespace a{"one", "a"};
  const Namespace b{"one", "b"};
  const Namespace c{"one", "c"};
  const Namespace d{"two", "a"};
  EngineOptions& engine = profile.engine;
  const uint64_t cases = profile.dialect == Dialect::documentdb ? 4 : 5;
  switch (random.below(cases)) {
    case 0:  // two streams of collections, the rest of the database is not watched
      engine.streams = {{ScopeLevel::collection, a}, {ScopeLevel::collection, b}};
      engine.filter = NamespaceFilter({{"one", "a"}, {"one", "b"}}, {});
      profile.watched = {a, b};
      profile.unwatched = {c};
      break;
    case 1:
      engine.streams = {{ScopeLevel::database, {"one", ""}}};
      engine.filter = NamespaceFilter({{"one", ""}}, {{"one", "c"}});
      profile.watched = {a, b};
      profile.unwatched = {c};
      break;
    case 2:
      engine.streams = {{ScopeLevel::database, {"one", ""}}, {ScopeLevel::collection, d}};
      engine.filter = NamespaceFilter({{"one", ""}, {"two", "a"}}, {});
      profile.watched = {a, b, d};
      break;
    case 3:
      engine.streams = {{ScopeLevel::collection, a}};
      engine.filter = NamespaceFilter({{"one", "a"}}, {});
      profile.watched = {a};
      profile.unwatched = {b};
      break;
    default:
      engine.streams = {{ScopeLevel::cluster, {}}};
      engine.filter = NamespaceFilter({{"", ""}}, {});
      profile.watched = {a, b, d};
      break;
  }
}

void choose_engine(Random& random, Profile& profile) {
  EngineOptions& engine = profile.engine;
  engine.writers = random.between_u32(1, 6);
  engine.persist_interval = random.percent(50) ? 1 : random.between_u32(2, 30);
  engine.batch_operations_max = random.percent(50) ? random.between_u32(1, 8) : 2'000;
  engine.batch_bytes_max = random.percent(20) ? 600 : 4u << 20;
  engine.memory_bytes_max = random.percent(30) ? 4'000 + random.below(40'000) : 256u << 20;
  engine.on_error = random.percent(50) ? OnError::stop : OnError::quarantine;
  engine.backoff_min = random.milliseconds(5, 50);
  engine.backoff_max = random.milliseconds(100, 3'000);
  engine.late_write_max = random.milliseconds(2'000, 15'000);
  engine.stop_grace = Duration::seconds(5);
  engine.seed = random.next();
  // Not drawn, so that the seeds that were kept stay the same runs.
  engine.sent_ahead_max = engine.seed % 2 == 0 ? 1 + engine.seed / 2 % 20 : 8'000;
  profile.limits.operations_max = random.percent(30) ? random.between_u32(1, 20) : 25'000;
  profile.limits.refuses_late_writes = random.percent(40);
  profile.limits.takes_many_parts = engine.seed / 64 % 2 == 0;  // not drawn either
  profile.behind_a_gateway = engine.seed / 256 % 4 == 0;
}

void choose_workload(Random& random, Profile& profile) {
  WorkloadMix& workload = profile.workload;
  const bool schema = profile.dialect == Dialect::mongodb && random.percent(50);
  workload.operations = random.between_u32(20, 250);
  workload.gap_max = random.milliseconds(1, 40);
  workload.keys = random.between_u32(1, 24);
  workload.burst = sometimes(random, 100);
  workload.other_type = random.percent(50) ? 0 : 40;
  workload.schema = schema ? random.between_u32(5, 60) : 0;
  workload.renames = schema && random.percent(60);
  workload.unique_index = random.percent(40);
}

void choose_faults(Random& random, Profile& profile) {
  SourceFaults& source = profile.source;
  source.open_fails = sometimes(random, 200);
  source.read_fails = sometimes(random, 100);
  source.cursor_lost = sometimes(random, 100);
  source.damaged_event = random.percent(10) ? 20 : 0;
  source.empty_batch = sometimes(random, 200);
  source.outages = random.percent(20) ? random.between_u32(1, 2) : 0;
  source.truncates_history = profile.dialect == Dialect::mongodb && random.percent(5);

  TargetFaults& target = profile.target;
  target.refused_before = sometimes(random, 100);
  target.throttled = sometimes(random, 100);
  target.operation_fails = sometimes(random, 100);
  target.reply_lost = sometimes(random, 200);
  target.lands_late = target.reply_lost > 0 ? sometimes(random, 800) : 0;
  target.slow = sometimes(random, 50);
  target.refused_document = random.percent(15) ? random.between_u32(5, 60) : 0;
  target.access_denied = random.percent(5) ? 5 : 0;
  target.outages = random.percent(20) ? random.between_u32(1, 2) : 0;
  target.no_bulk_write = profile.engine.seed / 512 % 8 == 0;  // not drawn, nor is the next one
  if (profile.engine.seed / 4'096 % 8 == 0)
    target.operations_in_time = static_cast<uint32_t>(2 + profile.engine.seed / 32'768 % 16);

  profile.disk.fails = random.percent(25) ? random.between_u32(1, 100) : 0;
  profile.disk.latency_max = random.milliseconds(1, 40);
  profile.crashes = random.percent(30) ? 0 : random.between_u32(1, 10);
  profile.crash_every_steps = random.between_u32(10, 500);
  profile.late_after_crash = target.lands_late > 0 && random.percent(60);
  if (profile.engine.seed / 128 % 4 == 0) profile.late_after_crash = true;  // not drawn
  profile.idle_wait = random.milliseconds(200, 1'000);
}

// Drawn aside: the seeds that have none of this stay what they were.
void choose_load(Profile& profile) {
  Random random(profile.engine.seed);
  const uint64_t choice = random.below(100);
  if (choice < 10) {  // a few of them are as large as the memory
    profile.workload.padding = random.between_u32(2'000, 40'000);
    profile.engine.memory_bytes_max = 40'000 + random.below(400'000);
  } else if (choice < 20) {
    profile.workload.chatter = true;
    // Single events are read where memory is short: then nothing tells that a busy stream is at its end.
    profile.engine.memory_bytes_max = 256u << 20;
  }
}

// Faults that together leave nothing to promise.
void exclude_impossible(Profile& profile) {
  if (!profile.gives_start_position) {
    // Until the first change is durable nothing can be promised: an undisturbed start.
    profile.source.open_fails = profile.source.outages = 0;
    // What the spool cannot keep would be read again from the last position, and there is none.
    profile.disk.fails = 0;
    profile.target.refused_document = profile.target.access_denied = 0;
  }
  if (profile.target.refused_document > 0) {
    // A refused document keeps its old unique value on the target: others are refused because of it.
    profile.workload.unique_index = false;
  }
  if (profile.workload.renames &&
      (!profile.rename_seen_at_new_name || !profile.unwatched.empty() || profile.grows_in_life > 0)) {
    // What such renames leave unproven may hold a unique value for ever.
    profile.workload.unique_index = false;
  }
}

// A collection is added under a stream of several. Drawn aside, too.
void choose_growth(Profile& profile) {
  Random random(profile.engine.seed ^ 0x9709);
  const EngineOptions& engine = profile.engine;
  const bool wide = engine.streams.front().level != ScopeLevel::collection;
  if (!wide || engine.copy.mode != CopyMode::automatic || profile.crashes == 0 || !random.percent(40)) return;
  profile.grows_in_life = random.between_u32(2, 8);
  std::vector<NamespacePattern> exclude = engine.filter.exclude();
  exclude.push_back({"one", "b"});
  profile.filter_at_first = NamespaceFilter(engine.filter.include(), std::move(exclude));
}

// Drawn aside, too.
void choose_options(Profile& profile) {
  Random random(profile.engine.seed ^ 0x0b71);
  if (profile.dialect != Dialect::mongodb || !random.percent(40)) return;
  WorkloadMix& workload = profile.workload;
  workload.options = random.between_u32(20, 200);
  // A refused document keeps its old value, as above.
  workload.unique_comes_and_goes = random.percent(50) && !workload.unique_index && !workload.renames &&
                                   profile.target.refused_document == 0;
  workload.renamed_is_another = random.percent(20);
}

void choose_copy(Random& random, Profile& profile) {
  EngineOptions& engine = profile.engine;
  if (random.percent(50)) {
    engine.spool_bytes_max = random.percent(30) ? 2'000 + random.below(20'000) : 1u << 30;
    engine.spool_patience = random.percent(50) ? Duration{} : random.milliseconds(0, 2'000);
  }
  if (!random.percent(40)) return;
  engine.copy.mode = CopyMode::automatic;
  engine.copy.readers = random.between_u32(1, 4);
  engine.copy.batch_documents_max = random.between_u32(1, 50);
  engine.copy.batch_bytes_max = 4'000;
  engine.copy.memory_bytes_max = random.percent(30) ? 9'000 : 1u << 20;
  engine.copy.bytes_per_second_max = random.percent(20) ? 50'000 + random.below(200'000) : 0;
  profile.documents_before = random.between_u32(0, 80);
  if (random.percent(50)) profile.workload.keys += random.between_u32(0, 40);
}

}  // namespace

Profile make_profile(Random& random) {
  Profile profile;
  profile.dialect = random.percent(70) ? Dialect::mongodb : Dialect::documentdb;
  profile.gives_start_position = profile.dialect == Dialect::mongodb || random.percent(85);
  profile.start_is_time = profile.dialect == Dialect::documentdb || random.percent(15);
  profile.rename_seen_at_new_name = random.percent(85);
  profile.null_is_absent = random.percent(20);
  choose_scopes(random, profile);
  choose_engine(random, profile);
  choose_workload(random, profile);
  choose_faults(random, profile);
  choose_load(profile);
  choose_copy(random, profile);
  choose_growth(profile);
  exclude_impossible(profile);
  choose_options(profile);
  profile.disk.full = random.percent(15) ? random.between_u32(1, 2) : 0;
  profile.disk.reads_fail = random.percent(20) ? random.between_u32(1, 500) : 0;
  return profile;
}

}  // namespace ddsync::sim
