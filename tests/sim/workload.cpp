#include "sim/workload.h"

#include <string>
#include <utility>

#include "bson/extended_json.h"
#include "bson/writer.h"

namespace ddsync::sim {
namespace {

std::string in_words(const Change& change) {
  constexpr const char* kKinds[] = {"insert", "update",        "replace",      "delete",
                                    "drop",   "rename",        "dropDatabase", "invalidate",
                                    "create", "createIndexes", "dropIndexes",  "modify"};
  return fmt::format("{} {} {} {} {}{}", change.number, kKinds[static_cast<size_t>(change.kind)],
                     change.ns.name(), change.to.name(), change.index,
                     change.id.view().missing() ? std::string() : to_extended_json(change.id.view()));
}

OwnedValue value_of(const std::string& wrapped) { return OwnedValue(find_value(view_of(wrapped), "_id")); }

}  // namespace

Workload::Workload(Surroundings& around, Source& source, std::function<void()> changed)
    : around_(around),
      source_(source),
      changed_(std::move(changed)),
      left_(around.profile.workload.operations),
      chatter_(around.profile.engine.seed) {}

void Workload::start() {
  plan_next();
  if (around_.profile.workload.chatter) chatter();
}

// One document of its own, often enough that the stream brings something at nearly every read.
void Workload::chatter() {
  around_.time.after(chatter_.milliseconds(50, 400), [this] {
    const Namespace& ns = around_.profile.watched.back();
    const OwnedValue id = value_of(BsonWriter().string("_id", "chatter").finish());
    const uint64_t before = source_.last_number();
    if (!source_.update(ns, identity_of(id.view()), {})) source_.insert(ns, id.view(), {});
    tell(before);
    chatter();
  });
}

void Workload::fill(uint32_t changes) {
  for (uint32_t i = 0; i < changes; ++i) change_document(random_namespace());
}

void Workload::plan_next() {
  Duration wait = {around_.random.between(0, around_.profile.workload.gap_max.us)};
  if (burst_ > 0) {
    burst_ -= 1;
    wait = {};
  } else if (around_.random.permille(around_.profile.workload.burst)) {
    burst_ = around_.random.between_u32(5, 50);
  } else if (around_.random.permille(20)) {
    wait = around_.random.milliseconds(200, 3'000);  // a pause: the streams fall idle
  }
  around_.time.after(wait, [this] {
    run_one();
    left_ -= 1;
    if (left_ > 0) plan_next();
  });
}

const Namespace& Workload::random_namespace() {
  const Profile& profile = around_.profile;
  if (!profile.unwatched.empty() && around_.random.percent(10)) return around_.random.pick(profile.unwatched);
  return around_.random.pick(profile.watched);
}

void Workload::run_one() {
  const WorkloadMix& mix = around_.profile.workload;
  const uint64_t before = source_.last_number();
  const Namespace& ns = random_namespace();
  if (around_.random.permille(mix.schema) && change_schema(ns)) {
    // done
  } else if (mix.options > 0 && around_.random.permille(mix.options) && change_options(ns)) {
    // done
  } else if (mix.unique_index && around_.random.percent(15)) {
    swap_unique_values(ns);
  } else {
    change_document(ns);
  }
  tell(before);
}

void Workload::tell(uint64_t before) {
  for (uint64_t number = before + 1; number <= source_.last_number(); ++number) {
    const Change& change = source_.log()[number - 1];
    around_.trace.mix(static_cast<uint64_t>(change.kind) + number * 16);
    if (around_.trace.wants_lines()) around_.trace.line(around_.time.now(), "source: {}", in_words(change));
  }
  if (source_.last_number() > before) changed_();
}

OwnedValue Workload::random_id() {
  const auto key = static_cast<int32_t>(around_.random.below(around_.profile.workload.keys));
  if (key % 7 == 5) return value_of(BsonWriter().string("_id", std::to_string(key)).finish());
  if (key % 7 == 6) {
    const std::string inner = around_.random.percent(around_.profile.workload.other_type)
                                  ? BsonWriter().real("a", key).finish()
                                  : BsonWriter().int32("a", key).finish();
    return value_of(BsonWriter().document("_id", inner).finish());
  }
  if (around_.random.percent(around_.profile.workload.other_type)) {
    return around_.random.percent(50) ? value_of(BsonWriter().real("_id", key).finish())
                                      : value_of(BsonWriter().int64("_id", key).finish());
  }
  return value_of(BsonWriter().int32("_id", key).finish());
}

Source::Content Workload::content() {
  Source::Content content;
  const WorkloadMix& mix = around_.profile.workload;
  if ((mix.unique_index || mix.unique_comes_and_goes) && around_.random.percent(60)) {
    content.has_unique = true;
    content.unique = static_cast<int32_t>(around_.random.below(around_.profile.workload.keys + 2));
  }
  content.refused = around_.random.permille(around_.profile.target.refused_document);
  if (around_.random.percent(10)) content.padding = around_.random.between_u32(1, 400);
  content.padding += around_.profile.workload.padding;
  return content;
}

void Workload::change_document(const Namespace& ns) {
  const OwnedValue id = random_id();
  const std::string identity = identity_of(id.view());
  const uint64_t choice = around_.random.below(100);
  if (choice < 40) {
    if (!source_.insert(ns, id.view(), content())) source_.update(ns, identity, content());
  } else if (choice < 70) {
    source_.update(ns, identity, content());
  } else if (choice < 90) {
    source_.remove(ns, identity);
  } else if (source_.remove(ns, identity)) {
    source_.insert(ns, id.view(), content());
  }
}

// a.u = 1, b.u = 2 -> a.u = none, b.u = 1, a.u = 2.
void Workload::swap_unique_values(const Namespace& ns) {
  const Collection* collection = source_.store().find(ns);
  if (collection == nullptr) return;
  std::vector<std::pair<std::string, int32_t>> holders;
  for (const auto& [identity, document] : collection->documents()) {
    if (const auto value = unique_value(view_of(document))) holders.emplace_back(identity, *value);
  }
  if (holders.size() < 2) return;
  const auto a = around_.random.pick(holders);
  const auto b = around_.random.pick(holders);
  if (a == b) return;
  source_.update(ns, a.first, {});
  source_.update(ns, b.first, {.has_unique = true, .unique = a.second});
  source_.update(ns, a.first, {.has_unique = true, .unique = b.second});
}

bool Workload::change_schema(const Namespace& ns) {
  const uint64_t choice = around_.random.below(100);
  if (choice < 10) return source_.drop_database(ns.database);
  if (choice < 50 || !around_.profile.workload.renames) return source_.drop(ns);
  return rename(ns);
}

bool Workload::change_options(const Namespace& ns) {
  const auto options = static_cast<int64_t>(source_.last_number() + 1);
  const uint64_t choice = around_.random.below(100);
  if (choice < 15) return source_.create(ns, options);
  if (choice < 30) return source_.modify(ns, options);
  const uint64_t which = around_.random.below(3);
  const std::string name = which == 0 && around_.profile.workload.unique_comes_and_goes ? kUniqueIndex
                           : which == 1                                                 ? "a"
                                                                                        : "b";
  return choice < 70 ? source_.create_index(ns, name) : source_.drop_index(ns, name);
}

bool Workload::rename(const Namespace& from) {
  const bool watched = around_.filter().contains(from.database, from.collection);
  // Nobody would tell of a collection that comes into scope.
  if (!watched && !around_.profile.rename_seen_at_new_name) return false;
  std::vector<Namespace> names = around_.profile.watched;
  names.insert(names.end(), around_.profile.unwatched.begin(), around_.profile.unwatched.end());
  const Namespace& to = around_.random.pick(names);
  return to.database == from.database && source_.rename(from, to);
}

}  // namespace ddsync::sim
