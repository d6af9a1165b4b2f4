// Views of BSON: they show what libbson wrote, and never read outside the buffer whatever the bytes say.
#include <bson/bson.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bson/extended_json.h"
#include "bson/key.h"
#include "bson/owned.h"
#include "bson/view.h"
#include "support/every_type.h"

namespace ddsync {
namespace {

OwnedDocument document(std::string_view json) {
  auto parsed = from_extended_json(json);
  EXPECT_TRUE(parsed) << json;
  return parsed.value_or(OwnedDocument());
}

// A heap copy of exactly the document's size, so that the sanitizer sees a read of one byte too many.
class ExactCopy {
 public:
  explicit ExactCopy(const std::string& bytes)
      : bytes_(std::make_unique<uint8_t[]>(bytes.size())), size_(static_cast<uint32_t>(bytes.size())) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }
  DocumentView view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  uint32_t size_;
};

// Reads every byte of every element, to all depths. The sum keeps the reads from being optimised away.
uint64_t read_everything(DocumentView view, int depth = 0) {
  uint64_t sum = 0;
  ElementCursor cursor(view);
  while (cursor.next()) {
    for (const char c : cursor.name()) sum += static_cast<uint8_t>(c);
    const ValueView& value = cursor.value();
    for (uint32_t i = 0; i < value.size; ++i) sum += value.data[i];
    if (value.type == BsonType::string) sum += value.as_string().size();
    const bool nested = value.type == BsonType::document || value.type == BsonType::array;
    if (nested && depth < 50) sum += read_everything(value.as_document(), depth + 1);
    sum += canonical_key(value).hash();
    sum += canonical_key(OwnedValue(value).view()).hash();
  }
  return sum;
}

TEST(BsonView, ShowsTheElementsInOrder) {
  const OwnedDocument owned =
      document(R"({"a": {"$numberInt": "1"}, "": "text", "a": null, "d": {"x": true}})");
  ElementCursor cursor(owned.view());
  ASSERT_TRUE(cursor.next());
  EXPECT_EQ(cursor.name(), "a");
  EXPECT_EQ(cursor.value().as_int32(), 1);
  ASSERT_TRUE(cursor.next());
  EXPECT_EQ(cursor.name(), "");
  EXPECT_EQ(cursor.value().as_string(), "text");
  ASSERT_TRUE(cursor.next());
  EXPECT_EQ(cursor.value().type, BsonType::null);
  EXPECT_FALSE(cursor.value().missing());
  ASSERT_TRUE(cursor.next());
  EXPECT_TRUE(find_value(cursor.value().as_document(), "x").as_bool());
  EXPECT_FALSE(cursor.next());
  EXPECT_FALSE(cursor.malformed());
}

TEST(BsonView, ReadsEachScalar) {
  const OwnedDocument owned = document(
      R"({"l": {"$numberLong": "-5"}, "d": {"$numberDouble": "2.5"}, "b": false, "i": {"$numberInt": "-7"}})");
  EXPECT_EQ(find_value(owned.view(), "l").as_int64(), -5);
  EXPECT_EQ(find_value(owned.view(), "d").as_double(), 2.5);
  EXPECT_FALSE(find_value(owned.view(), "b").as_bool());
  EXPECT_EQ(find_value(owned.view(), "i").as_int32(), -7);
}

TEST(BsonView, SaysThatAFieldIsMissing) {
  EXPECT_TRUE(find_value(document(R"({"a": 1})").view(), "b").missing());
  EXPECT_TRUE(find_value(DocumentView{}, "b").missing());
}

TEST(BsonView, OfNoDocumentHasNoElements) {
  ElementCursor cursor(DocumentView{});
  EXPECT_FALSE(cursor.next());
  EXPECT_FALSE(cursor.malformed());
}

TEST(BsonView, CutsEveryTypeWhereLibbsonDoes) {
  const OwnedDocument owned = test::document_of_every_type();
  bson_t bson;
  ASSERT_TRUE(bson_init_static(&bson, owned.view().data, owned.view().size));
  bson_iter_t iter;
  ASSERT_TRUE(bson_iter_init(&iter, &bson));
  ElementCursor cursor(owned.view());
  int elements = 0;
  uint32_t end = 0;
  while (cursor.next()) {
    ASSERT_TRUE(bson_iter_next(&iter));
    EXPECT_EQ(cursor.name(), bson_iter_key(&iter));
    EXPECT_EQ(static_cast<int>(cursor.value().type), static_cast<int>(bson_iter_type(&iter)));
    end = static_cast<uint32_t>(cursor.value().data - owned.view().data) + cursor.value().size;
    EXPECT_EQ(end, iter.next_off) << cursor.name();
    ++elements;
  }
  EXPECT_FALSE(cursor.malformed());
  EXPECT_FALSE(bson_iter_next(&iter));
  EXPECT_GE(elements, 21);
}

TEST(BsonView, EndsTheWalkWhereADocumentIsCutOff) {
  const OwnedDocument owned = test::document_of_every_type();
  const std::string whole(reinterpret_cast<const char*>(owned.view().data), owned.view().size);
  for (size_t length = 1; length < whole.size(); ++length) {
    const ExactCopy cut(whole.substr(0, length));
    ElementCursor cursor(cut.view());
    EXPECT_FALSE(cursor.next());
    EXPECT_TRUE(cursor.malformed());
  }
}

TEST(BsonView, NeverReadsOutsideADamagedDocument) {
  const OwnedDocument owned = test::document_of_every_type();
  const std::string whole(reinterpret_cast<const char*>(owned.view().data), owned.view().size);
  std::mt19937_64 random(1);
  uint64_t sum = 0;
  for (int run = 0; run < 20'000; ++run) {
    std::string bytes = whole;
    const int changes = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < changes; ++i) {
      const size_t at = random() % bytes.size();
      // Lengths are little-endian: small values and the top byte are where the trouble is.
      constexpr std::array<uint8_t, 8> kNasty{0, 1, 4, 5, 0x7F, 0x80, 0xFE, 0xFF};
      bytes[at] = static_cast<char>(random() % 2 == 0 ? kNasty[random() % kNasty.size()] : random());
    }
    if (random() % 4 == 0) {  // cut off, with a length that agrees
      bytes.resize(5 + random() % (bytes.size() - 5));
      bytes.back() = '\0';
    }
    const auto size = static_cast<uint32_t>(bytes.size());
    if (random() % 8 != 0) std::memcpy(bytes.data(), &size, sizeof size);
    sum += read_everything(ExactCopy(bytes).view());
  }
  EXPECT_NE(sum, 0U);
}

TEST(BsonView, RefusesEveryLengthThatDoesNotFit) {
  const OwnedDocument owned = document(R"({"s": "abc"})");
  const std::string whole(reinterpret_cast<const char*>(owned.view().data), owned.view().size);
  constexpr size_t kLengthAt = 4 + 1 + 2;  // document length, type, name
  for (const int32_t length : {-2147483647 - 1, -1, 0, 1, 3, 5, 6, 2147483647}) {
    std::string bytes = whole;
    std::memcpy(bytes.data() + kLengthAt, &length, sizeof length);
    const ExactCopy copy(bytes);
    ElementCursor cursor(copy.view());
    EXPECT_FALSE(cursor.next()) << length;
    EXPECT_TRUE(cursor.malformed()) << length;
  }
}

TEST(BsonOwned, OutlivesTheBufferItWasCopiedFrom) {
  OwnedDocument copy;
  OwnedValue id;
  ResumeToken token;
  {
    const OwnedDocument original = document(R"({"_id": "a"})");
    copy = OwnedDocument(original.view());
    id = OwnedValue(find_value(original.view(), "_id"));
    token = ResumeToken(original.view());
  }
  EXPECT_EQ(find_value(copy.view(), "_id").as_string(), "a");
  EXPECT_EQ(id.view().as_string(), "a");
  EXPECT_EQ(token.view(), copy.view());
}

TEST(BsonOwned, IsEqualWhenTypeAndBytesAre) {
  const OwnedDocument one = document(R"({"a": {"$numberLong": "1"}, "b": {"$date": {"$numberLong": "1"}}})");
  const OwnedValue number(find_value(one.view(), "a"));
  const OwnedValue date(find_value(one.view(), "b"));
  EXPECT_FALSE(number == date);
  EXPECT_EQ(number, OwnedValue(find_value(one.view(), "a")));
  EXPECT_EQ(OwnedDocument(), OwnedDocument(DocumentView{}));
  EXPECT_TRUE(OwnedDocument().empty());
  EXPECT_TRUE(ResumeToken().empty());
  EXPECT_TRUE(OwnedValue().view().missing());
}

}  // namespace
}  // namespace ddsync
