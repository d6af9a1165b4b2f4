// What is believed of a reply: all that servers say rightly, nothing of one that was damaged.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "bson/extended_json.h"
#include "mongo/reply.h"
#include "mongo/server_error.h"

namespace ddsync::mongo {
namespace {

OwnedDocument reply(std::string_view json) { return from_extended_json(json).value(); }

std::optional<int64_t> number(const std::string& json) {
  return whole_number(find_value(reply(R"({"n": )" + json + "}").view(), "n"));
}

TEST(WholeNumber, MayBeOfEveryTypeThatServersUse) {
  EXPECT_EQ(number("7"), 7);
  EXPECT_EQ(number(R"({"$numberLong": "-7"})"), -7);
  EXPECT_EQ(number(R"({"$numberDouble": "7.0"})"), 7);
  EXPECT_EQ(number(R"({"$numberDouble": "-9223372036854775808"})"), std::numeric_limits<int64_t>::min());
}

TEST(WholeNumber, IsNothingOfWhatNoIntegerHolds) {
  for (const char* json : {"NaN", "Infinity", "-Infinity", "1e300", "9223372036854775808", "0.5"})
    EXPECT_EQ(number(std::string(R"({"$numberDouble": ")") + json + R"("})"), std::nullopt) << json;
  for (const char* json : {R"("7")", "null", "true", "[]", R"({"$numberDecimal": "7"})"})
    EXPECT_EQ(number(json), std::nullopt) << json;
}

TEST(AsInteger, IsTheOtherValueOfWhatNoInt64Holds) {
  const auto as_integer_of = [](const std::string& json) {
    return as_integer(find_value(reply(R"({"n": )" + json + "}").view(), "n"), 7);
  };
  EXPECT_EQ(as_integer_of(R"({"$numberDouble": "2.5"})"), 2);
  EXPECT_EQ(as_integer_of("true"), 1);
  EXPECT_EQ(as_integer_of(R"("2")"), 7);
  for (const char* number : {"NaN", "Infinity", "-Infinity", "1e300", "-1e300", "9223372036854775808"})
    EXPECT_EQ(as_integer_of(std::string(R"({"$numberDouble": ")") + number + R"("})"), 7) << number;
}

TEST(Ok, IsANumberOrABoolean) {
  for (const char* ok : {"1", R"({"$numberDouble": "1.0"})", R"({"$numberLong": "1"})", "true"})
    EXPECT_TRUE(says_ok(reply(std::string(R"({"n": 1, "ok": )") + ok + "}").view())) << ok;
  for (const char* ok : {"0", R"({"$numberDouble": "0.0"})", R"({"$numberDouble": "NaN"})", "false", "null",
                         R"("1")", R"({"ok": 1})"})
    EXPECT_FALSE(says_ok(reply(std::string(R"({"n": 1, "ok": )") + ok + "}").view())) << ok;
  EXPECT_FALSE(says_ok(reply("{}").view()));
}

Result<CursorReply> cursor(const std::string& fields) {
  static OwnedDocument whole;  // what is read views it
  whole = reply(R"({"ok": 1, "cursor": )" + fields + "}");
  return read_cursor(ErrorContext::find, whole.view(), "nextBatch");
}

TEST(CursorReply, HoldsItsParts) {
  const auto read = cursor(R"({"nextBatch": [{"_id": 1}], "id": {"$numberLong": "9007199254740993"},
                               "postBatchResumeToken": {"_data": "82"}, "ns": "d.c"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, 9007199254740993);
  EXPECT_EQ(read->ns, "d.c");
  EXPECT_EQ(to_extended_json(read->post_batch_token), R"({ "_data" : "82" })");
  EXPECT_EQ(find_value(read->list, "0").type, BsonType::document);
}

TEST(CursorReply, MayEndWithNothing) {
  for (const char* id : {"0", R"({"$numberLong": "0"})", R"({"$numberDouble": "0.0"})"}) {
    const auto read = cursor(std::string(R"({"nextBatch": [], "id": )") + id + "}");
    ASSERT_TRUE(read) << id;
    EXPECT_EQ(read->id, 0);
    EXPECT_TRUE(read->post_batch_token.empty());
  }
}

TEST(CursorReply, IsRefusedWithoutAUsableIdOrList) {
  for (const char* fields :
       {R"("x")", "[1]", "null", R"({"nextBatch": []})", R"({"nextBatch": [], "id": "7"})",
        R"({"nextBatch": [], "id": null})", R"({"nextBatch": [], "id": {"$numberDouble": "NaN"}})",
        R"({"id": 7})", R"({"nextBatch": null, "id": 7})", R"({"nextBatch": "x", "id": 7})",
        R"({"nextBatch": {"0": {}}, "id": 7})", R"({"firstBatch": [], "id": 7})"}) {
    const auto read = cursor(fields);
    ASSERT_FALSE(read) << fields;
    EXPECT_EQ(read.error().code, kErrorProtocol) << fields;
    EXPECT_EQ(read.error().treatment, Treatment::retry) << fields;
  }
  EXPECT_FALSE(read_cursor(ErrorContext::find, reply(R"({"ok": 1})").view(), "nextBatch"));
}

TEST(CursorReply, TakesNoTokenThatTheSourceWouldNotKnow) {
  for (const char* token : {"{}", R"([{"_data": "82"}])", R"("82")", "3", "null"}) {
    const auto read =
        cursor(std::string(R"({"nextBatch": [], "id": 7, "postBatchResumeToken": )") + token + "}");
    ASSERT_TRUE(read) << token;
    EXPECT_TRUE(read->post_batch_token.empty()) << token;
  }
}

std::vector<std::string> taken(const OwnedDocument& document, bool& whole) {
  std::vector<std::string> texts;
  whole = for_each_of(find_value(document.view(), "a").as_document(), [&](DocumentView element) {
    texts.push_back(to_extended_json(element));
    return texts.size() < 3;
  });
  return texts;
}

TEST(ForEachOf, TakesEveryDocumentOrSaysThatItDidNot) {
  bool whole = false;
  EXPECT_EQ(taken(reply(R"({"a": [{"x": "1"}, {"x": "2"}]})"), whole).size(), 2u);
  EXPECT_TRUE(whole);
  EXPECT_EQ(taken(reply(R"({"a": []})"), whole).size(), 0u);
  EXPECT_TRUE(whole);
  EXPECT_EQ(taken(reply(R"({"a": [{"x": "1"}, "x", {"x": "2"}]})"), whole).size(), 1u);
  EXPECT_FALSE(whole) << "an element is no document";
  EXPECT_EQ(taken(reply(R"({"a": [{}, {}, {}, {}]})"), whole).size(), 3u);
  EXPECT_FALSE(whole) << "one was refused";
}

TEST(ForEachOf, NoticesDamageBehindTheFirstDocument) {
  // [{}, {}]; the length of the second says 99.
  std::string bytes(
      "\x15\0\0\0\x03"
      "0\0\5\0\0\0\0\x03"
      "1\0\5\0\0\0\0\0",
      21);
  bytes[15] = 99;
  size_t count = 0;
  EXPECT_FALSE(for_each_of({reinterpret_cast<const uint8_t*>(bytes.data()), 21}, [&](DocumentView) {
    ++count;
    return true;
  }));
  EXPECT_EQ(count, 1u);
}

}  // namespace
}  // namespace ddsync::mongo
