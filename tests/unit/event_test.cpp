// Change events as the servers spell them.
#include "engine/event.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "bson/extended_json.h"

namespace ddsync {
namespace {

// An update with these fields beside token, kind and namespace.
OwnedDocument update_with(const std::string& fields) {
  return *from_extended_json(
      R"({"_id":{"_data":"t"},"operationType":"update","ns":{"db":"db","coll":"coll"})" +
      (fields.empty() ? "" : "," + fields) + "}");
}

// The id that the event is found to be of; none when it is no event.
std::optional<int64_t> id_in(const std::string& fields) {
  const OwnedDocument bytes = update_with(fields);
  Event event;
  if (!decode_event(bytes.view(), event)) return std::nullopt;
  return event.id.as_int32();
}

TEST(EventId, IsTheNamedOneOfTheKey) {
  EXPECT_EQ(id_in(R"("documentKey":{"_id":1})"), 1);
  EXPECT_EQ(id_in(R"("documentKey":{"_id":1},"fullDocument":{"_id":2})"), 1);
}

TEST(EventId, StandsBesideAShardKey) {
  EXPECT_EQ(id_in(R"("documentKey":{"shard":1,"_id":2})"), 2);
  EXPECT_EQ(id_in(R"("documentKey":{"_id":2,"shard":1})"), 2);
  EXPECT_EQ(id_in(R"("documentKey":{"":3,"_id":2})"), 2);
}

TEST(EventId, IsTheOneWithoutANameAtDocumentDB) {
  EXPECT_EQ(id_in(R"("documentKey":{"":3})"), 3);
  EXPECT_EQ(id_in(R"("documentKey":{"":3},"fullDocument":{"_id":4})"), 3);
  EXPECT_EQ(id_in(R"("documentKey":{"shard":1,"":3})"), 3);
  EXPECT_EQ(id_in(R"("documentKey":{"":3,"":4})"), 3);
}

TEST(EventId, IsTheDocumentsBeforeAValueOfAnotherName) {
  EXPECT_EQ(id_in(R"("documentKey":{"shard":1},"fullDocument":{"_id":4})"), 4);
  EXPECT_EQ(id_in(R"("documentKey":{"shard":1,"region":2},"fullDocument":{"_id":4})"), 4);
  EXPECT_EQ(id_in(R"("fullDocument":{"_id":4})"), 4);
}

TEST(EventId, IsTheOnlyValueOfTheKeyWhenNothingElseTellsIt) {
  EXPECT_EQ(id_in(R"("documentKey":{"key":5})"), 5);
  EXPECT_EQ(id_in(R"("documentKey":{"key":5},"fullDocument":{"v":1})"), 5);
  EXPECT_EQ(id_in(R"("documentKey":{"key":5},"fullDocument":null)"), 5);
}

TEST(EventId, IsMissingWhereNothingTellsIt) {
  EXPECT_EQ(id_in(""), std::nullopt);
  EXPECT_EQ(id_in(R"("documentKey":{})"), std::nullopt);
  EXPECT_EQ(id_in(R"("documentKey":{"a":1,"b":2})"), std::nullopt);
}

// Of other bytes, to the server the same: it keeps the one that it stored when the document is replaced.
TEST(EventId, MayBeSpelledOtherwiseInTheDocument) {
  const auto differs = [](const std::string& fields) {
    const OwnedDocument bytes = update_with(fields);
    Event event;
    EXPECT_TRUE(decode_event(bytes.view(), event));
    return event.document_has_other_id;
  };
  EXPECT_TRUE(differs(R"("documentKey":{"_id":1},"fullDocument":{"_id":1.0})"));
  EXPECT_FALSE(differs(R"("documentKey":{"_id":1},"fullDocument":{"_id":1})"));
  EXPECT_FALSE(differs(R"("documentKey":{"_id":1},"fullDocument":null)"));
}

TEST(EventId, IsOfNoUseWithoutANamespace) {
  for (const char* ns : {R"({"coll":"coll"})", R"({"db":"db"})", "null"}) {
    const auto bytes = from_extended_json(
        std::string(R"({"_id":{"_data":"t"},"operationType":"delete","documentKey":{"_id":1},"ns":)") + ns +
        "}");
    Event event;
    EXPECT_FALSE(decode_event(bytes->view(), event)) << ns;
  }
}

EventKind kind_named(const std::string& name) {
  const OwnedDocument bytes = *from_extended_json(R"({"_id":{"_data":"t"},"operationType":")" + name +
                                                  R"(","ns":{"db":"db","coll":"coll"}})");
  Event event;
  return decode_event(bytes.view(), event) ? event.kind : EventKind::invalidate;
}

TEST(EventToken, IsADocumentThatHoldsSomething) {
  const auto is_event = [](const std::string& token) {
    const OwnedDocument bytes = *from_extended_json(R"({"operationType":"other","_id":)" + token + "}");
    Event event;
    return decode_event(bytes.view(), event);
  };
  EXPECT_TRUE(is_event(R"({"_data":"t"})"));
  for (const char* token : {"{}", "[1]", R"("t")", "1", "null"}) EXPECT_FALSE(is_event(token)) << token;
}

TEST(EventKind, OfExpandedEventsIsKnown) {
  EXPECT_EQ(kind_named("create"), EventKind::create);
  EXPECT_EQ(kind_named("createIndexes"), EventKind::create_indexes);
  EXPECT_EQ(kind_named("dropIndexes"), EventKind::drop_indexes);
  EXPECT_EQ(kind_named("modify"), EventKind::modify);
}

TEST(EventKind, OfShardsIsOther) {
  for (const char* name :
       {"shardCollection", "refineCollectionShardKey", "reshardCollection", "endOfTransaction"})
    EXPECT_EQ(kind_named(name), EventKind::other) << name;
}

}  // namespace
}  // namespace ddsync
