// What a change event asks of the target, and what has to wait for it.
#include <fmt/format.h>

#include "bson/uuid.h"
#include "engine/barriers.h"
#include "engine/live_change.h"

namespace ddsync {
namespace {

Namespace namespace_of(std::string_view database, std::string_view collection) {
  return {std::string(database), std::string(collection)};
}

}  // namespace

void Barriers::settle_lookups(const SchemaChange& change) {
  switch (change.kind) {
    case SchemaChangeKind::drop:
      lookups_.dropped(change.ns);
      return;
    case SchemaChangeKind::rename:
      lookups_.renamed(change.ns, change.to);
      return;
    case SchemaChangeKind::drop_database:
      lookups_.dropped_database(change.ns.database);
      return;
    default:
      return;  // documents stay what they are
  }
}

bool Barriers::plan(Stream& stream, const Event& event, Barrier& barrier) {
  const NamespaceFilter& filter = shared_.options.filter;
  SchemaChange& change = barrier.change;
  change.ns = namespace_of(event.database, event.collection);
  if (event.kind == EventKind::rename) return plan_rename(stream, event, barrier);
  if (event.kind == EventKind::drop) {
    change.kind = SchemaChangeKind::drop;
    return filter.contains(event.database, event.collection);
  }
  if (event.kind != EventKind::drop_database) return plan_live(event, barrier);
  change.kind = SchemaChangeKind::drop_database;
  change.ns.collection.clear();
  change.whole_database = filter.contains_whole_database(event.database);
  return !is_system_namespace(event.database, "");
}

bool Barriers::plan_live(const Event& event, Barrier& barrier) {
  if (!shared_.options.filter.contains(event.database, event.collection)) return false;
  if (event.kind == EventKind::create && is_time_series(event)) {
    shared_.notice(
        output::Level::warning,
        fmt::format("not carried over: {} is a time series: it has no change stream and is left out",
                    barrier.change.ns.name()));
    return false;
  }
  barrier.change = live_change(event);
  // What is written before a validator is set need not comply with it. The others touch no document, and a
  // first insert must not hold up its stream.
  barrier.at_once = event.kind != EventKind::modify;
  return event.kind != EventKind::drop_indexes || shared_.options.carry_indexes;
}

bool Barriers::plan_rename(Stream& stream, const Event& event, Barrier& barrier) {
  const NamespaceFilter& filter = shared_.options.filter;
  SchemaChange& change = barrier.change;
  change.kind = SchemaChangeKind::rename;
  change.to = namespace_of(event.to_database, event.to_collection);
  change.uuid = uuid_text(event.collection_uuid);
  const bool from_watched = filter.contains(event.database, event.collection);
  const bool to_watched = filter.contains(event.to_database, event.to_collection);
  if (!from_watched && !to_watched) return false;
  if (!to_watched) {
    shared_.notice(output::Level::warning,
                   fmt::format("{} was renamed to {}, which is not watched: it is dropped on the target",
                               change.ns.name(), change.to.name()));
    change.kind = SchemaChangeKind::drop;
    return true;
  }
  if (!from_watched && shared_.options.copy.mode != CopyMode::off) {
    change.kind = SchemaChangeKind::drop;
    change.ns = change.to;
    barrier.copy_anew = change.to;
    return true;
  }
  if (!from_watched) {
    shared_.notice(
        output::Level::error,
        fmt::format("{}, which is not watched, was renamed to {}: the documents it holds are not in the "
                    "change stream; {} is emptied on the target and has to be copied",
                    change.ns.name(), change.to.name(), change.to.name()));
    barrier.incomplete = true;
    change.kind = SchemaChangeKind::drop;
    change.ns = change.to;
    return true;
  }
  // Killed between a rename and its checkpoint? Whatever came to lie under the old name since then (a late
  // write) would replace the whole collection when the rename is repeated.
  const bool may_be_repeated = stream.replaying && stream.events_read == 1;
  if (may_be_repeated) suspects_.add_namespace(change.to);
  Stream* of_old_name = streams_.find(change.ns.database, change.ns.collection);
  Stream* of_new_name = streams_.find(change.to.database, change.to.collection);
  if (of_old_name == of_new_name || of_old_name == nullptr || of_new_name == nullptr) return true;
  barrier.waits_for_partner = of_new_name == &stream;
  barrier.partner = barrier.waits_for_partner ? of_old_name->index : of_new_name->index;
  return true;
}

}  // namespace ddsync
