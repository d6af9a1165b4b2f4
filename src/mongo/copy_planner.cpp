#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "bson/writer.h"
#include "mongo/boundaries.h"
#include "mongo/catalog.h"
#include "mongo/copy_planner_impl.h"
#include "mongo/range_query.h"
#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

// The more, the more even the ranges: 20 give ranges that are mostly within a third of the wanted size.
constexpr uint64_t kSamplesPerRange = 20;
constexpr size_t kSampleBytes_max = 32u << 20;
// Less than the socket timeout: a server that is too slow for it is one that refuses.
constexpr int64_t kSampling_ms = 45'000;
constexpr uint64_t kDocumentBytesMany = 1'024;  // on disk, of one; smaller ones are counted as fewer

// The server will say the same again: fewer ranges are better than none.
bool is_refusal(const Error& error) {
  const Treatment treatment = classify(ErrorContext::schema, error.code, error.message);
  return error.code == kMaxTimeExpired || treatment == Treatment::permanent ||
         treatment == Treatment::throttled;
}

// A server too slow for it looks like one that is away; if it is, the commands that follow say so.
bool is_too_slow(const Error& error) { return error.code == kMaxTimeExpired || error.code == kErrorNetwork; }

bool may_be_done_without(const Error& error) { return is_refusal(error) || is_too_slow(error); }

PlannedCollection parse_entry(const std::string& database, DocumentView entry) {
  PlannedCollection collection;
  collection.ns = {database, std::string(as_text(find_value(entry, "name")))};
  collection.options = OwnedDocument(document_at(entry, "options"));
  collection.type = as_text(find_value(entry, "type"));
  if (collection.type.empty()) collection.type = "collection";
  return collection;
}

std::string only_id() { return BsonWriter().int32("_id", 1).finish(); }

std::string one_stage(std::string_view name, const std::string& content) {
  return BsonWriter().document(name, content).finish();
}

// {_id: {min, max}, count}, in any order: a bucket begins where the one before it ends.
std::string buckets_pipeline(uint64_t ranges) {
  const std::string buckets =
      BsonWriter().string("groupBy", "$_id").int32("buckets", static_cast<int32_t>(ranges)).finish();
  return BsonWriter().document("0", one_stage("$bucketAuto", buckets)).finish();
}

std::string sample_pipeline(uint64_t ranges) {
  const auto size = static_cast<int32_t>(ranges * kSamplesPerRange);
  return BsonWriter()
      .document("0", one_stage("$sample", BsonWriter().int32("size", size).finish()))
      .document("1", one_stage("$project", only_id()))
      .finish();
}

ValueView boundary_of(DocumentView bucket) { return find_value(document_at(bucket, "_id"), "min"); }

ValueView id_of(DocumentView document) { return find_value(document, "_id"); }

bool has_collation(const PlannedCollection& collection) {
  const DocumentView collation = document_at(collection.options.view(), "collation");
  const std::string_view locale = as_text(find_value(collation, "locale"));
  return !locale.empty() && locale != "simple";
}

CopyRange whole(const Namespace& ns) { return {.ns = ns, .bracket = 0, .from = {}, .to = {}}; }

}  // namespace

Result<std::vector<PlannedCollection>> CommandPlanner::plan(const WatchScope& scope,
                                                            const NamespaceFilter& filter) {
  const auto info = describe_();
  if (!info) return tl::unexpected(info.error());
  is_documentdb_ = info->is_documentdb;
  too_many_for_buckets_ = std::numeric_limits<uint64_t>::max();
  std::vector<std::string> databases{scope.ns.database};
  if (scope.level == ScopeLevel::cluster) {
    auto listed = list_databases(connection_);
    if (!listed) return tl::unexpected(listed.error());
    databases = std::move(*listed);
  }
  std::vector<PlannedCollection> found;
  for (const std::string& database : databases)
    if (auto planned = plan_database(database, scope, filter, found); !planned)
      return tl::unexpected(planned.error());
  std::ranges::sort(found, {}, &PlannedCollection::ns);
  return found;
}

Result<void> CommandPlanner::plan_database(const std::string& database, const WatchScope& scope,
                                           const NamespaceFilter& filter,
                                           std::vector<PlannedCollection>& found) {
  const auto entries = list_collection_entries(connection_, database, scope.ns.collection);
  if (!entries) return tl::unexpected(entries.error());
  for (const OwnedDocument& entry : *entries) {
    PlannedCollection collection = parse_entry(database, entry.view());
    const std::string& name = collection.ns.collection;
    if (!scope.contains(database, name) || !filter.contains(database, name)) continue;
    if (collection.type == "timeseries") collection.ranges = {whole(collection.ns)};
    if (collection.type == "collection")
      if (auto divided = divide(collection); !divided) return divided;
    found.push_back(std::move(collection));
  }
  return {};
}

Result<void> CommandPlanner::divide(PlannedCollection& collection) {
  const auto documents = about_how_many(collection.ns);
  if (!documents) return tl::unexpected(documents.error());
  collection.documents = *documents;
  collection.ranges = {whole(collection.ns)};
  if (*documents < kDocumentsDivided_min) return {};
  const auto samples = take_samples(collection, ranges_wanted(*documents));
  if (!samples) return tl::unexpected(samples.error());
  const auto brackets =
      is_documentdb_ ? brackets_between_ends(collection.ns) : brackets_probed(collection.ns, *samples);
  if (!brackets) return tl::unexpected(brackets.error());
  if (!brackets->empty()) collection.ranges = make_ranges(collection.ns, *brackets, *samples);
  return {};
}

// DocumentDB counts by PostgreSQL's statistics, which a crash or a fail-over empties (coll_stats.c): of
// gigabytes a few documents may be left then, and one reader would copy them. The size is the files'.
Result<uint64_t> CommandPlanner::about_how_many(const Namespace& ns) {
  auto counted = estimated_count(connection_, ns);
  if (!counted || !is_documentdb_ || *counted >= kDocumentsDivided_min) return counted;
  const auto bytes = storage_bytes(connection_, ns);
  return std::max(*counted, bytes.value_or(0) / kDocumentBytesMany);
}

// None where the server refuses: one range for each bracket then.
Result<Samples> CommandPlanner::take_samples(const PlannedCollection& collection, uint64_t ranges) {
  Samples samples{.ids = {}, .per_range = 1, .has_collation = has_collation(collection)};
  if (ranges <= 1) return samples;
  if (is_documentdb_ && collection.documents < too_many_for_buckets_) {
    auto boundaries = ids_of(collection.ns, buckets_pipeline(ranges), boundary_of);
    if (boundaries) {
      samples.ids = *std::move(boundaries);
      return samples;
    }
    if (!may_be_done_without(boundaries.error())) return tl::unexpected(boundaries.error());
    if (is_too_slow(boundaries.error())) too_many_for_buckets_ = collection.documents;
  }
  samples.per_range = kSamplesPerRange;
  auto ids = ids_of(collection.ns, sample_pipeline(ranges), id_of);
  if (!ids && !may_be_done_without(ids.error())) return tl::unexpected(ids.error());
  if (ids) samples.ids = *std::move(ids);
  return samples;
}

// MongoDB: what was sampled is there, the index tells the rest. An undefined _id it does not take (53), and
// to look for one would be a scan of the collection at secantusd.
Result<std::vector<Bracket>> CommandPlanner::brackets_probed(const Namespace& ns, const Samples& samples) {
  std::set<Bracket> present;
  for (const OwnedValue& id : samples.ids) present.insert(bracket_of(id.view()));
  for (const Bracket bracket : kIdBrackets) {
    if (bracket == Bracket::undefined || present.contains(bracket)) continue;
    const auto found = has_any(ns, bracket_probe(bracket));
    if (!found) return tl::unexpected(found.error());
    if (*found) present.insert(bracket);
  }
  return std::vector<Bracket>(present.begin(), present.end());
}

// DocumentDB, whose index may not serve $type: types sort one after the other, so where the first and the
// last _id are of one bracket, there is no other. What is inserted later comes through the stream.
Result<std::vector<Bracket>> CommandPlanner::brackets_between_ends(const Namespace& ns) {
  std::vector<Bracket> all(kIdBrackets.begin(), kIdBrackets.end());
  const auto first = outermost_id(ns, 1);
  const auto last = first ? outermost_id(ns, -1) : first;
  if (!last) {
    if (is_refusal(last.error())) return all;
    return tl::unexpected(last.error());
  }
  std::vector<Bracket> brackets;
  if (first->missing() || last->missing()) return brackets;
  const Bracket lowest = bracket_of(first->view());
  const Bracket highest = bracket_of(last->view());
  for (const Bracket bracket : all) {
    if (bracket < lowest || bracket > highest) continue;
    const bool is_known = bracket == lowest || bracket == highest;
    const auto present = is_known ? Result<bool>(true) : has_any(ns, bracket_filter(bracket));
    if (!present) return tl::unexpected(present.error());
    if (*present) brackets.push_back(bracket);
  }
  return brackets;
}

Result<OwnedValue> CommandPlanner::outermost_id(const Namespace& ns, int direction) {
  const std::string everything = BsonWriter().finish();
  return first_id(ns, view_of(everything), direction);
}

Result<bool> CommandPlanner::has_any(const Namespace& ns, const OwnedDocument& filter) {
  const auto id = first_id(ns, filter.view(), 0);
  if (id) return !id->missing();
  if (may_be_done_without(id.error())) return true;  // a range that may be empty
  return tl::unexpected(id.error());
}

// `direction`: 1 the smallest, -1 the greatest, 0 any one. Missing = none.
Result<OwnedValue> CommandPlanner::first_id(const Namespace& ns, DocumentView filter, int direction) {
  BsonWriter command;
  command.string("find", ns.collection)
      .value("filter", ValueView{BsonType::document, filter.data, filter.size});
  if (direction != 0) command.document("sort", BsonWriter().int32("_id", direction).finish());
  command.document("projection", only_id()).int32("limit", 1).boolean("singleBatch", true);
  const std::string bytes = command.finish();
  bson_t bson;
  bson_init_static(&bson, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  OwnedValue id;
  const auto done =
      for_each_document(connection_, ErrorContext::find, ns.database, bson,
                        [&](DocumentView document) { id = OwnedValue(find_value(document, "_id")); });
  if (done || done.error().treatment == Treatment::missing) return id;
  return tl::unexpected(done.error());
}

Result<std::vector<OwnedValue>> CommandPlanner::ids_of(const Namespace& ns, const std::string& pipeline,
                                                       ValueView (*id_in)(DocumentView)) {
  const std::string bytes = BsonWriter()
                                .string("aggregate", ns.collection)
                                .document("pipeline", pipeline, BsonType::array)
                                .document("cursor", BsonWriter().int32("batchSize", 10'000).finish())
                                .int64("maxTimeMS", kSampling_ms)
                                .finish();
  bson_t bson;
  bson_init_static(&bson, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  std::vector<OwnedValue> ids;
  size_t bytes_taken = 0;
  const auto done =
      for_each_document(connection_, ErrorContext::find, ns.database, bson, [&](DocumentView document) {
        const ValueView id = id_in(document);
        bytes_taken += id.size;
        if (!id.missing() && bytes_taken <= kSampleBytes_max) ids.emplace_back(id);
      });
  if (done) return ids;
  return tl::unexpected(done.error());
}

}  // namespace ddsync::mongo
