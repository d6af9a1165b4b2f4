// Checkpoints for tests of the state.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bson/extended_json.h"
#include "state/checkpoint_store.h"

namespace ddsync::state::test {

inline const StateIdentity kPair{.source = "source", .target = "target"};

inline OwnedDocument document(std::string_view json) {
  auto parsed = from_extended_json(json);
  EXPECT_TRUE(parsed) << json;
  return parsed.value_or(OwnedDocument());
}

inline StreamCheckpoint resumed(std::string scope, std::string_view token) {
  StreamCheckpoint stream;
  stream.scope = std::move(scope);
  stream.position.kind = PositionKind::resume_after;
  stream.position.token = ResumeToken(document(token).view());
  return stream;
}

inline SuspectKey suspect(std::string_view wrapped_id) {
  const OwnedDocument wrapped = document(wrapped_id);
  return {{"shop", "or.ders"}, OwnedValue(find_value(wrapped.view(), "_id"))};
}

inline CollectionLeft collection_left() {
  CollectionLeft left;
  left.stream = "shop.copied";
  left.ns = {"shop", "copied"};
  left.step = CollectionLeft::Step::copy;
  left.documents = 123;
  left.documents_done = 45;
  left.uuid = "00112233445566778899aabbccddeeff";
  const OwnedValue from = suspect(R"({"_id": {"$numberLong": "5"}})").id;
  const OwnedValue to = suspect(R"({"_id": "x"})").id;
  left.ranges = {{{left.ns, 3, from, to}, suspect(R"({"_id": null})").id}, {{left.ns, 0, {}, {}}, {}}};
  return left;
}

// One of everything.
inline Checkpoint rich_checkpoint(uint64_t generation) {
  Checkpoint checkpoint;
  checkpoint.generation = generation;
  checkpoint.streams.push_back(resumed("shop.orders", R"({"_data": "82635F"})"));
  checkpoint.streams.push_back(
      resumed("shop.binary", R"({"_data": {"$binary": {"base64": "AAECAw==", "subType": "00"}}})"));
  checkpoint.streams.push_back(resumed("shop.\"é\"", R"({"_data": "a\"\u0000b", "x": 1})"));
  StreamCheckpoint invalidated = resumed("shop.renamed", R"({"_data": "8264"})");
  invalidated.position.kind = PositionKind::start_after;
  invalidated.may_be_sent = 0;  // which is not the same as none
  checkpoint.streams.push_back(invalidated);
  StreamCheckpoint timed;
  timed.scope = "db.*";
  timed.position.kind = PositionKind::operation_time;
  timed.position.operation_time = (uint64_t{4'294'967'295} << 32) | 7;
  checkpoint.streams.push_back(timed);
  StreamCheckpoint lost = resumed("shop.lost", R"({"_data": "8265"})");
  lost.gap_reason = "history lost: \"286\"\n";
  checkpoint.streams.push_back(lost);
  StreamCheckpoint copied = resumed("shop.copied", R"({"_data": "8266"})");
  copied.spool_next = 7;
  copied.spool_end = 12;
  copied.copy = StreamCopy::copying;
  copied.late_copies = true;
  copied.may_be_sent = 17;
  checkpoint.streams.push_back(copied);
  checkpoint.copies = {collection_left()};
  const std::vector<NamespacePattern> include{{"db", "a"}, {"db", "b.\"c\""}, {"db", ""}};
  checkpoint.watched = {
      {"db.*", std::make_shared<NamespaceFilter>(include, std::vector<NamespacePattern>{{"db", "x"}})},
      {"*", std::make_shared<NamespaceFilter>(std::vector<NamespacePattern>{{"", ""}},
                                              std::vector<NamespacePattern>{})}};
  StreamCheckpoint unknown;
  unknown.scope = "*";
  checkpoint.streams.push_back(unknown);
  checkpoint.suspects = {suspect(R"({"_id": {"$oid": "57e193d7a9cc81b4027498b1"}})"),
                         suspect(R"({"_id": {"$numberDouble": "-0.0"}})"), suspect(R"({"_id": null})"),
                         suspect(R"({"_id": {"a": [1, {"$minKey": 1}], "b": {"$symbol": "x"}}})"),
                         suspect(R"({"_id": ""})")};
  checkpoint.source = std::make_shared<const SourceIdentity>(
      SourceIdentity{"rs0", {{{"shop", "orders"}, "0123456789abcdef"}, {{"shop", "a \"b\".c"}, "ff"}}});
  checkpoint.unproven_namespaces = {{"shop", "many"}, {"shop", "mo.re"}};
  checkpoint.clean_end = true;
  checkpoint.missed_lookups = {{"shop", "many"}};
  checkpoint.stats = {
      .total_synced = 18'446'744'073'709'551'615U, .inserts = 2, .updates = 3, .deletes = 4, .errors = 5};
  return checkpoint;
}

inline bool same(const WatchedBefore& a, const WatchedBefore& b) {
  return a.stream == b.stream && a.filter->include() == b.filter->include() &&
         a.filter->exclude() == b.filter->exclude();
}

inline bool same(const Checkpoint& a, const Checkpoint& b) {
  const bool same_watched =
      std::equal(a.watched.begin(), a.watched.end(), b.watched.begin(), b.watched.end(),
                 [](const WatchedBefore& one, const WatchedBefore& other) { return same(one, other); });
  const bool same_source = a.source && b.source ? *a.source == *b.source : a.source == b.source;
  return same_source && same_watched && a.generation == b.generation && a.streams == b.streams &&
         a.suspects == b.suspects && a.unproven_namespaces == b.unproven_namespaces &&
         a.missed_lookups == b.missed_lookups && a.clean_end == b.clean_end && a.stats == b.stats &&
         a.copies == b.copies;
}

}  // namespace ddsync::state::test
