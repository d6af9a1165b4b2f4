// Extended JSON: the way there and back keeps every type.
#include <gtest/gtest.h>

#include "bson/extended_json.h"
#include "support/every_type.h"

namespace ddsync {
namespace {

OwnedDocument document(std::string_view json) {
  auto parsed = from_extended_json(json);
  EXPECT_TRUE(parsed) << json;
  return parsed.value_or(OwnedDocument());
}

TEST(ExtendedJson, GivesBackEveryTypeByteForByte) {
  const OwnedDocument original = test::document_of_every_type();
  ElementCursor cursor(original.view());
  while (cursor.next()) {
    const OwnedDocument one = wrap_value(cursor.name(), cursor.value());
    const std::string json = to_extended_json(one.view());
    EXPECT_EQ(from_extended_json(json), one) << cursor.name() << ": " << json;
  }
}

TEST(ExtendedJson, KeepsTheOrderOfFields) {
  const OwnedDocument original = test::document_of_every_type();
  EXPECT_EQ(from_extended_json(to_extended_json(original.view())), original);
}

TEST(ExtendedJson, OfAValueIsTheValueAlone) {
  const OwnedDocument owned = document(
      R"({"a": {"$numberInt": "1"}, "b": "x: y", "c": {"d": [true, null]}, "e": {"$minKey": 1}, "f": ""})");
  EXPECT_EQ(to_extended_json(find_value(owned.view(), "a")), R"({ "$numberInt" : "1" })");
  EXPECT_EQ(to_extended_json(find_value(owned.view(), "b")), R"("x: y")");
  EXPECT_EQ(to_extended_json(find_value(owned.view(), "c")), R"({ "d" : [ true, null ] })");
  EXPECT_EQ(to_extended_json(find_value(owned.view(), "e")), R"({ "$minKey" : 1 })");
  EXPECT_EQ(to_extended_json(find_value(owned.view(), "f")), R"("")");
}

TEST(ExtendedJson, OfDamagedBytesIsEmpty) {
  const OwnedDocument original = document(R"({"a": "text"})");
  std::string bytes(reinterpret_cast<const char*>(original.view().data), original.view().size);
  bytes[7] = '\x7f';  // the string's length
  const DocumentView damaged{reinterpret_cast<const uint8_t*>(bytes.data()), original.view().size};
  EXPECT_EQ(to_extended_json(damaged), "");
  EXPECT_EQ(to_extended_json(DocumentView{}), "");
  EXPECT_EQ(to_extended_json(ValueView{}), "");
}

TEST(ExtendedJson, ThatIsNotValidGivesNothing) {
  for (const char* json :
       {"", "{", "{]", "1", "{\"a\": }", R"({"a": {"$numberInt": "x"}})", R"({"a": {"$oid": "short"}})"}) {
    EXPECT_FALSE(from_extended_json(json)) << json;
  }
}

TEST(ExtendedJson, WrapsAValueUnderAName) {
  const OwnedDocument owned = document(R"({"key": {"$oid": "57e193d7a9cc81b4027498b1"}})");
  EXPECT_EQ(wrap_value("_id", find_value(owned.view(), "key")),
            document(R"({"_id": {"$oid": "57e193d7a9cc81b4027498b1"}})"));
}

}  // namespace
}  // namespace ddsync
