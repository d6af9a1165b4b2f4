// A checkpoint as text: what is written is what is read, and no damaged text is taken for a state.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "state/checkpoint_format.h"
#include "state/checkpoint_store.h"
#include "support/checkpoints.h"

namespace ddsync::state {
namespace {

using test::kPair;
using test::resumed;
using test::rich_checkpoint;
using test::same;

Result<Checkpoint> decoded(std::string_view text) { return decode(text, "/folder/state.json", kPair); }

TEST(CheckpointText, GivesBackEveryPartUnchanged) {
  const Checkpoint checkpoint = rich_checkpoint(42);
  const auto back = decoded(encode(checkpoint, kPair, "2026-11-24T16:00:00.000Z"));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(same(*back, checkpoint));
}

TEST(CheckpointText, GivesBackAnEmptyCheckpoint) {
  const auto back = decoded(encode(Checkpoint{}, kPair));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(same(*back, Checkpoint{}));
}

TEST(CheckpointText, OfAnEarlierVersionThatDidNotCountWhatWasCopiedIsRead) {
  std::string text = encode(rich_checkpoint(42), kPair);
  const std::string_view count = ",\"documents_done\":45";
  const size_t at = text.find(count);
  ASSERT_NE(at, std::string::npos);
  text.erase(at, count.size());
  const size_t rest = kChecksumHead.size() + kChecksumDigits + kChecksumTail.size();
  text.replace(kChecksumHead.size(), kChecksumDigits, checksum_of(std::string_view(text).substr(rest)));
  const auto back = decoded(text);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->copies.at(0).documents_done, 0u);
  EXPECT_EQ(back->copies.at(0).documents, 123u);
}

TEST(CheckpointText, KeepsBytesThatExtendedJsonCannotCarry) {
  Checkpoint checkpoint;
  // {"a": code "x\0y", "a": "\xff"}: an embedded NUL, a name twice, and no UTF-8.
  const std::string nul_code("\x04\0\0\0x\0y\0", 8);
  const std::string bytes =
      std::string("\x19\0\0\0\x0d\x61\0", 7) + nul_code + std::string("\x02\x61\0\x02\0\0\0\xff\0\0", 10);
  const DocumentView token{reinterpret_cast<const uint8_t*>(bytes.data()),
                           static_cast<uint32_t>(bytes.size())};
  StreamCheckpoint stream;
  stream.scope = "shop.odd";
  stream.position.kind = PositionKind::resume_after;
  ASSERT_EQ(ElementCursor(token).malformed(), false);
  stream.position.token = ResumeToken(token);
  checkpoint.streams.push_back(stream);
  const auto back = decoded(encode(checkpoint, kPair));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(same(*back, checkpoint));
}

TEST(CheckpointText, WithATokenThatIsNoDocumentIsRefused) {
  for (const char* bytes : {"", "AAAA", "BgAAAAAA", "DAAAAAEAAAAAAAA="}) {
    std::string text = encode(Checkpoint{}, kPair);
    const std::string_view none = "\"streams\":[";
    text.replace(
        text.find(none), none.size(),
        std::string(none) + R"({"scope":"a.b","position":"resume_after","token_base64":")" + bytes + "\"}");
    const size_t rest = kChecksumHead.size() + kChecksumDigits + kChecksumTail.size();
    text.replace(kChecksumHead.size(), kChecksumDigits, checksum_of(std::string_view(text).substr(rest)));
    const auto back = decoded(text);
    ASSERT_FALSE(back) << bytes;
    EXPECT_NE(back.error().message.find("its token is not a document"), std::string::npos)
        << back.error().message;
  }
}

TEST(CheckpointText, HoldsTheKeysOfTheOriginalService) {
  const auto json = nlohmann::json::parse(encode(rich_checkpoint(1), kPair, "2026-11-24T16:00:00.000Z"));
  EXPECT_EQ(json["resume_tokens"]["shop.orders"], nlohmann::json::parse(R"({"_data": "82635F"})"));
  EXPECT_TRUE(json["resume_tokens"]["*"].is_null());
  EXPECT_EQ(json["last_sync_time"], "2026-11-24T16:00:00.000Z");
  EXPECT_EQ(json["sync_stats"]["deletes"], 4);
  EXPECT_EQ(json["format"], 1);
}

TEST(CheckpointText, IsRefusedWhenCutOffAnywhere) {
  const std::string text = encode(rich_checkpoint(3), kPair);
  for (size_t length = 0; length < text.size(); ++length) {
    const auto back = decoded(text.substr(0, length));
    ASSERT_FALSE(back) << "accepted when cut to " << length << " of " << text.size();
    ASSERT_EQ(back.error().code_name, kDamagedState);
  }
}

TEST(CheckpointText, IsRefusedWhenAnyByteIsFlipped) {
  const std::string text = encode(rich_checkpoint(3), kPair);
  for (size_t at = 0; at < text.size(); ++at) {
    for (const int mask : {1, 0x20, 0x80, 0xFF}) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ mask);
      const auto back = decoded(changed);
      ASSERT_FALSE(back) << "accepted with byte " << at << " changed by " << mask;
      ASSERT_EQ(back.error().code_name, kDamagedState);
    }
  }
}

TEST(CheckpointText, IsRefusedWithTextAfterIt) {
  EXPECT_FALSE(decoded(encode(rich_checkpoint(3), kPair) + " "));
}

TEST(CheckpointText, SaysWhereWhatAndWhatToDo) {
  const auto back = decoded("");
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, kErrorLocalDisk);
  EXPECT_EQ(back.error().treatment, Treatment::fatal);
  for (const char* part :
       {"/folder/state.json", "it is empty", "cp -p '/folder/state.json.previous'", "--reset"}) {
    EXPECT_NE(back.error().message.find(part), std::string::npos) << part << " in " << back.error().message;
  }
}

TEST(CheckpointText, OfAnotherPairIsRefused) {
  for (const StateIdentity& other :
       {StateIdentity{"source", "elsewhere"}, StateIdentity{"elsewhere", "target"}}) {
    const auto back = decoded(encode(rich_checkpoint(3), other));
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code_name, kForeignState);
    EXPECT_NE(back.error().message.find("elsewhere"), std::string::npos);
  }
}

TEST(CheckpointText, OfTheOriginalServiceIsContinuedFrom) {
  const auto back = decoded(R"({
    "resume_tokens": {"shop.orders": {"_data": "826"}, "shop.new": null},
    "last_sync_time": "2025-01-01T00:00:00",
    "sync_stats": {"total_synced": 9, "inserts": 4, "updates": 3, "deletes": 2, "errors": 1}
  })");
  ASSERT_TRUE(back) << back.error().message;
  Checkpoint expected;
  expected.streams.push_back(resumed("shop.orders", R"({"_data": "826"})"));
  expected.streams.emplace_back().scope = "shop.new";
  expected.stats = {.total_synced = 9, .inserts = 4, .updates = 3, .deletes = 2, .errors = 1};
  EXPECT_TRUE(same(*back, expected));
}

// Tokens are opaque: not every server's are {_data: text}. The original service wrote them as Extended JSON.
TEST(CheckpointText, OfTheOriginalServiceMayHoldTokensOfAnyShape) {
  const auto back = decoded(R"({
    "resume_tokens": {
      "shop.binary": {"_data": {"$binary": {"base64": "AAEC/w==", "subType": "00"}}},
      "shop.nested": {"shard": {"$numberLong": "3"}, "at": {"time": {"$timestamp": {"t": 7, "i": 1}}, "": [1, null]}}
    },
    "last_sync_time": null, "sync_stats": {}
  })");
  ASSERT_TRUE(back) << back.error().message;
  ASSERT_EQ(back->streams.size(), 2U);
  for (const StreamCheckpoint& stream : back->streams)
    EXPECT_EQ(stream.position.kind, PositionKind::resume_after);

  const std::string binary("\x15\0\0\0\x05_data\0\x04\0\0\0\0\0\x01\x02\xff\0", 21);
  const DocumentView token = back->streams[0].position.token.view();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(token.data), token.size), binary);

  const DocumentView nested = back->streams[1].position.token.view();
  const ValueView shard = find_value(nested, "shard");
  EXPECT_EQ(shard.type, BsonType::int64);
  EXPECT_EQ(shard.as_int64(), 3);
  const DocumentView at = find_value(nested, "at").as_document();
  EXPECT_EQ(find_value(at, "time").type, BsonType::timestamp);
  EXPECT_EQ(find_value(at, "time").as_int64(), (int64_t{7} << 32) | 1);
  EXPECT_EQ(find_value(at, "").type, BsonType::array);
}

TEST(CheckpointText, OfTheOriginalServiceMayLackEverythingButTokens) {
  EXPECT_TRUE(decoded(R"({"resume_tokens": {}})"));
  EXPECT_TRUE(decoded(R"({"resume_tokens": {}, "last_sync_time": null, "sync_stats": null})"));
}

TEST(CheckpointText, OfTheOriginalServiceMayHoldWholeFloatsAsCounts) {
  const auto back = decoded(R"({"resume_tokens": {}, "sync_stats": {"inserts": 4.0, "deletes": 1e3}})");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->stats.inserts, 4u);
  EXPECT_EQ(back->stats.deletes, 1'000u);
  for (const char* count : {"-1", "0.5", "1.8e39", "-1e300", "true", "null", "[]", R"("4")"}) {
    const auto refused =
        decoded(std::string(R"({"resume_tokens": {}, "sync_stats": {"inserts": )") + count + "}}");
    ASSERT_FALSE(refused) << count;
    EXPECT_EQ(refused.error().treatment, Treatment::fatal) << count;
  }
}

TEST(CheckpointText, ThatIsNestedTooDeeplyIsRefused) {
  for (const size_t depth : {1'000u, 1'000'000u}) {
    std::string token;
    for (size_t level = 0; level < depth; ++level) token += R"({"a":)";
    token += "1" + std::string(depth, '}');
    const auto refused = decoded(R"({"resume_tokens": {"a.b": )" + token + "}}");
    ASSERT_FALSE(refused) << depth;
    EXPECT_NE(refused.error().message.find("nested too deeply"), std::string::npos)
        << refused.error().message;
  }
}

TEST(CheckpointText, ThatIsNoStateIsRefused) {
  for (const char* text :
       {"{}", "null", "[]", "1", R"({"resume_tokens": null})", R"({"resume_tokens": []})",
        R"({"resume_tokens": {"a.b": "826"}})", R"({"resume_tokens": {}, "sync_stats": {"inserts": "many"}})",
        R"({"resume_tokens": {}, "format": 1})", R"({"resume_tokens": {}, "streams": []})"}) {
    const auto back = decoded(text);
    ASSERT_FALSE(back) << text;
    EXPECT_EQ(back.error().code_name, kDamagedState) << text;
  }
}

TEST(CheckpointText, OfFiveHundredStreamsIsWrittenInMilliseconds) {
  Checkpoint checkpoint;
  const std::string token = R"({"_data": ")" + std::string(120, '8') + R"("})";
  for (int i = 0; i < 500; ++i) checkpoint.streams.push_back(resumed("shop.c" + std::to_string(i), token));
  auto best = std::chrono::nanoseconds::max();
  for (int run = 0; run < 5; ++run) {
    const auto start = std::chrono::steady_clock::now();
    const std::string text = encode(checkpoint, kPair);
    best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - start);
    ASSERT_GT(text.size(), 500U * 240);
  }
  RecordProperty("encode_us", static_cast<int>(best.count() / 1000));
  // 5 ms is the aim in an optimised build; sanitizers and a busy machine get ten times that.
  EXPECT_LT(best, std::chrono::milliseconds(50));
}

}  // namespace
}  // namespace ddsync::state
