#include "engine/schema_change.h"

#include <gtest/gtest.h>

#include "bson/extended_json.h"

namespace ddsync {
namespace {

std::string text(SchemaChangeKind kind, const char* arguments) {
  SchemaChange change;
  change.kind = kind;
  change.ns = {"db", "c"};
  change.arguments = from_extended_json(arguments).value();
  return describe(change);
}

TEST(SchemaChangeText, NamesTheCollectionAndTheIndexes) {
  EXPECT_EQ(text(SchemaChangeKind::create, R"({"capped": true})"), "creation of db.c");
  EXPECT_EQ(text(SchemaChangeKind::create_indexes, R"({"indexes": [{"name": "a_1"}, {"name": "b"}]})"),
            "creation of indexes of db.c: a_1, b");
  EXPECT_EQ(text(SchemaChangeKind::drop_indexes, R"({"indexes": [{"name": "a_1"}]})"),
            "drop of indexes of db.c: a_1");
  EXPECT_EQ(text(SchemaChangeKind::modify, "{}"), "change of the options of db.c");
}

TEST(SchemaChangeText, DoesWithoutIndexesThatHaveNoNames) {
  EXPECT_EQ(text(SchemaChangeKind::drop_indexes, R"({"indexes": [5, {"key": {"a": 1}}]})"),
            "drop of indexes of db.c");
  EXPECT_EQ(text(SchemaChangeKind::drop_indexes, "{}"), "drop of indexes of db.c");
}

}  // namespace
}  // namespace ddsync
