// What the copy's planner and range readers give, for the tests against real servers.
//
//   copy_probe URI SCOPE                     the plan of `*`, `db.*` or `db.coll`, then every document's _id
//   by range copy_probe URI SCOPE resume N            the same, each range opened again behind the last _id
//   after N documents copy_probe URI SCOPE behind              every range from behind each of its ids in
//   turn: how many follow copy_probe URI SCOPE measure             rates of a plan, of the range readers and
//   of a bare scan
//
// One JSON document a line.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "bson/extended_json.h"
#include "mongo/copy_planner.h"
#include "mongo/range_reader.h"
#include "mongo/reader.h"
#include "mongo/schema_support.h"
#include "mongo/writer.h"

namespace ddsync {
namespace {

using Clock = std::chrono::steady_clock;
constexpr uint32_t kDocumentsPerBatch = 2'000;

struct Failed {
  Error error;
};

template <typename T>
T value_of(mongo::Result<T> result) {
  if (!result) throw Failed{result.error()};
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string text(const OwnedValue& value) {
  return value.missing() ? "null" : to_extended_json(wrap_value("id", value.view()).view());
}

WatchScope scope_of(const std::string& name) {
  const NamespacePattern pattern = parse_pattern(name).value();
  WatchScope scope{.level = ScopeLevel::cluster, .ns = {pattern.database, pattern.collection}};
  if (!pattern.database.empty()) scope.level = ScopeLevel::database;
  if (!pattern.collection.empty()) scope.level = ScopeLevel::collection;
  return scope;
}

void print_plan(const std::vector<PlannedCollection>& plan) {
  for (const PlannedCollection& collection : plan) {
    std::string ranges;
    for (const CopyRange& range : collection.ranges)
      ranges += fmt::format(R"({}{{"bracket": {}, "from": {}, "to": {}}})", ranges.empty() ? "" : ", ",
                            range.bracket, text(range.from), text(range.to));
    fmt::print(R"({{"collection": "{}", "type": "{}", "documents": {}, "ranges": [{}]}})"
               "\n",
               collection.ns.name(), collection.type, collection.documents, ranges);
  }
}

// The ids that the range gives from behind `after`, at most `count` of them, in batches of `per_batch`.
std::vector<OwnedValue> read(mongo::RangeReader& reader, const CopyRange& range, const OwnedValue& after,
                             size_t count, uint32_t per_batch) {
  std::vector<OwnedValue> ids;
  value_of(reader.open(range, after));
  bool done = false;
  while (!done && ids.size() < count) {
    const RawBatch batch = value_of(reader.next(per_batch, done));
    ElementCursor documents(batch.events);
    while (documents.next() && ids.size() < count)
      ids.emplace_back(find_value(documents.value().as_document(), "_id"));
  }
  reader.close();
  return ids;
}

void print_ids(mongo::RangeReader& reader, const PlannedCollection& collection, size_t reopen_after) {
  for (size_t number = 0; number < collection.ranges.size(); ++number) {
    OwnedValue after;
    for (;;) {
      const auto ids = read(reader, collection.ranges[number], after, reopen_after, kDocumentsPerBatch);
      for (const OwnedValue& id : ids)
        fmt::print(R"({{"of": "{}", "range": {}, "read": {}}})"
                   "\n",
                   collection.ns.name(), number, text(id));
      if (ids.size() < reopen_after) break;
      after = ids.back();
    }
  }
}

// The ids of `all` at begin..end that are of one bracket with the range's.
std::vector<OwnedValue> part_of(const std::vector<OwnedValue>& all, size_t begin, size_t end,
                                Bracket bracket) {
  std::vector<OwnedValue> part;
  for (size_t k = begin; k < end; ++k)
    if (bracket == Bracket::all || bracket_of(all[k].view()) == bracket) part.push_back(all[k]);
  return part;
}

// From behind the k-th id, up to it, and between it and another one there must be exactly what is there by
// the order of all.
void check_bounds(mongo::RangeReader& reader, const PlannedCollection& collection) {
  constexpr uint32_t kPerBatch = 50;
  for (const CopyRange& range : collection.ranges) {
    const auto all = read(reader, range, {}, SIZE_MAX, 7);
    const auto check = [&](const CopyRange& part, const OwnedValue& after, size_t begin, size_t end) {
      const auto bracket = static_cast<Bracket>(part.bracket);
      if (read(reader, part, after, SIZE_MAX, kPerBatch) == part_of(all, begin, end, bracket)) return 0;
      fmt::print(R"({{"wrong": {{"from": {}, "to": {}, "after": {}}}}})"
                 "\n",
                 text(part.from), text(part.to), text(after));
      return 1;
    };
    int wrong = 0;
    for (size_t k = 0; k < all.size(); ++k) {
      wrong += check(range, all[k], k + 1, all.size());
      const Bracket bracket = bracket_of(all[k].view());
      if (holds_one_value(bracket)) continue;
      CopyRange part{.ns = range.ns, .bracket = static_cast<uint32_t>(bracket), .from = {}, .to = all[k]};
      wrong += check(part, {}, 0, k + 1);
      const size_t other = k / 2;
      if (bracket_of(all[other].view()) != bracket) continue;
      part.from = all[other];
      wrong += check(part, {}, other + 1, k + 1);
      wrong += check(part, all[(other + k) / 2], (other + k) / 2 + 1, k + 1);
    }
    fmt::print(R"({{"bounds": "{}", "documents": {}, "wrong": {}}})"
               "\n",
               collection.ns.name(), all.size(), wrong);
  }
}

void measure(mongo::Endpoint& endpoint, const WatchScope& scope, const NamespaceFilter& filter) {
  auto planner = endpoint.copy_planner();
  auto reader = endpoint.range_reader();
  auto start = Clock::now();
  const auto plan = value_of(planner->plan(scope, filter));
  fmt::print(R"({{"plan_s": {:.3f}}})"
             "\n",
             seconds_since(start));
  const auto scan = [&](const std::vector<CopyRange>& ranges, const char* name) {
    start = Clock::now();
    size_t documents = 0;
    for (const CopyRange& range : ranges) {
      value_of(reader->open(range, {}));
      for (bool done = false; !done;) {
        const RawBatch batch = value_of(reader->next(kDocumentsPerBatch, done));
        ElementCursor elements(batch.events);
        while (elements.next()) ++documents;
      }
    }
    const double s = seconds_since(start);
    fmt::print(R"({{"{}_s": {:.3f}, "documents": {}, "per_s": {:.0f}}})"
               "\n",
               name, s, documents, static_cast<double>(documents) / s);
  };
  for (const PlannedCollection& collection : plan) {
    scan(collection.ranges, "ranges");
    scan({CopyRange{.ns = collection.ns, .bracket = 0, .from = {}, .to = {}}}, "whole");
  }
}

const std::map<std::string, SchemaChangeKind> kSchemaChanges = {
    {"create", SchemaChangeKind::create},
    {"create_indexes", SchemaChangeKind::create_indexes},
    {"drop_indexes", SchemaChangeKind::drop_indexes},
    {"modify", SchemaChangeKind::modify},
};

void change_schema(mongo::Endpoint& endpoint, const WatchScope& scope, SchemaChangeKind kind,
                   const std::string& arguments) {
  SchemaChange change;
  change.kind = kind;
  change.ns = scope.ns;
  change.arguments = from_extended_json(arguments).value();
  if (const auto error = endpoint.writer({})->change_schema(change, NamespaceFilter())) throw Failed{*error};
}

void print_indexes(mongo::Endpoint& endpoint, const WatchScope& scope) {
  for (const OwnedDocument& index : value_of(endpoint.reader()->indexes(scope.ns)))
    fmt::print("{}\n", to_extended_json(mongo::normalised_index(index).view()));
}

size_t number_of(const std::string& text) {
  size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

int run(const std::vector<std::string>& arguments) {
  const mongo::Driver driver;
  const auto endpoint = value_of(mongo::Endpoint::create({.uri = arguments[0], .connections_max = 4}));
  const WatchScope scope = scope_of(arguments[1]);
  const NamespaceFilter filter({parse_pattern(arguments[1]).value()}, {});
  const std::string mode = arguments.size() > 2 ? arguments[2] : "";
  if (mode == "measure") {
    measure(*endpoint, scope, filter);
    return 0;
  }
  if (const auto change = kSchemaChanges.find(mode); change != kSchemaChanges.end()) {
    change_schema(*endpoint, scope, change->second, arguments.at(3));
    return 0;
  }
  if (mode == "indexes") {
    print_indexes(*endpoint, scope);
    return 0;
  }
  const auto plan = value_of(endpoint->copy_planner()->plan(scope, filter));
  print_plan(plan);
  if (mode == "plan") return 0;
  const auto reader = endpoint->range_reader();
  for (const PlannedCollection& collection : plan) {
    if (mode == "bounds")
      check_bounds(*reader, collection);
    else
      print_ids(*reader, collection, mode == "resume" ? number_of(arguments.at(3)) : SIZE_MAX);
  }
  return 0;
}

}  // namespace
}  // namespace ddsync

int main(int count, char** arguments) {
  try {
    return ddsync::run(std::vector<std::string>(arguments + 1, arguments + count));
  } catch (const ddsync::Failed& failed) {
    fmt::print(stderr, "{}\n", ddsync::describe(failed.error));
    return 1;
  }
}
