// The dead-letter file: one whole line of JSON for every refused event, also after a crash tore the last one.
#include "state/dead_letter.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bson/extended_json.h"
#include "state/base64.h"
#include "state/disk_error.h"
#include "support/temporary_folder.h"

namespace ddsync::state {
namespace {

constexpr std::string_view kTime = "2026-11-24T16:00:00.000Z";

output::QuarantineRecord refused(std::string_view event_json) {
  output::QuarantineRecord record;
  record.ns = {"shop", "orders"};
  record.stream = "shop.*";
  record.event = from_extended_json(event_json).value_or(OwnedDocument());
  record.error.code = 121;
  record.error.code_name = "DocumentValidationFailure";
  record.error.message = "a \"quoted\"\nmessage, not UTF-8: \xff";
  return record;
}

class DeadLetterTest : public testing::Test {
 protected:
  std::vector<std::string> lines() {
    std::istringstream text(files_->read(path_).value_or(std::nullopt).value_or(""));
    std::vector<std::string> all;
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }

  test::TemporaryFolder folder_;
  std::string path_ = folder_.path() + "/dead.jsonl";
  std::unique_ptr<FileSystem> files_ = posix_file_system();
  DeadLetterFile dead_letters_{*files_, path_};
};

TEST_F(DeadLetterTest, HoldsTimeNamespaceStreamErrorAndEvent) {
  const output::QuarantineRecord record =
      refused(R"({"_id": {"_data": "82"}, "fullDocument": {"_id": {"$numberLong": "7"}, "text": "a\nb"}})");
  ASSERT_TRUE(dead_letters_.append({record}, kTime));
  ASSERT_EQ(lines().size(), 1U);
  const auto line = nlohmann::ordered_json::parse(lines().front());
  EXPECT_EQ(line["time"], kTime);
  EXPECT_EQ(line["namespace"], "shop.orders");
  EXPECT_EQ(line["stream"], "shop.*");
  EXPECT_EQ(line["error"]["code"], 121);
  EXPECT_EQ(line["error"]["name"], "DocumentValidationFailure");
  EXPECT_NE(line["error"]["message"].get<std::string>().find("\"quoted\"\nmessage"), std::string::npos);
  EXPECT_EQ(from_extended_json(line["event"].dump()), record.event);
  EXPECT_FALSE(line.contains("event_base64"));
}

TEST_F(DeadLetterTest, HoldsTheBytesOfAnEventThatExtendedJsonCannotCarry) {
  output::QuarantineRecord record = refused("{}");
  const std::string bytes("\x0e\0\0\0\x02\x61\0\x02\0\0\0\xff\0\0", 14);  // {a: text that is not UTF-8}
  record.event = OwnedDocument(DocumentView{reinterpret_cast<const uint8_t*>(bytes.data()), 14});
  ASSERT_TRUE(dead_letters_.append({record}, kTime));
  const auto line = nlohmann::json::parse(lines().at(0));
  EXPECT_EQ(from_base64(line["event_base64"].get<std::string>()), bytes);
}

OwnedDocument around(std::string_view name, const OwnedDocument& inner) {
  const DocumentView view = inner.view();
  return wrap_value(name, {.type = BsonType::document, .data = view.data, .size = view.size});
}

// What libbson writes of it is no JSON, or is read as something else.
TEST_F(DeadLetterTest, HoldsOnlyTheBytesOfAnEventThatExtendedJsonWouldNotGiveBack) {
  OwnedDocument nested = refused(R"({"x": 1})").event;
  for (int depth = 0; depth < 210; ++depth) nested = around("a", nested);
  const OwnedDocument text = refused(R"({"v": "today"})").event;
  for (const OwnedDocument& event :
       {nested, around("day", wrap_value("$date", find_value(text.view(), "v")))}) {
    output::QuarantineRecord record = refused("{}");
    record.event = event;
    ASSERT_TRUE(dead_letters_.append({record}, kTime));
    ASSERT_TRUE(nlohmann::json::accept(lines().back()));
    const auto line = nlohmann::json::parse(lines().back());
    EXPECT_FALSE(line.contains("event"));
    const DocumentView bytes = event.view();
    EXPECT_EQ(from_base64(line["event_base64"].get<std::string>()),
              std::string(reinterpret_cast<const char*>(bytes.data), bytes.size));
  }
}

TEST_F(DeadLetterTest, AppendsOneLineARecord) {
  const auto record = refused(R"({"a": 1})");
  ASSERT_TRUE(dead_letters_.append({record, record}, kTime));
  ASSERT_TRUE(dead_letters_.append({record}, kTime));
  ASSERT_EQ(lines().size(), 3U);
  for (const auto& line : lines()) EXPECT_TRUE(nlohmann::json::accept(line));
}

TEST_F(DeadLetterTest, ContinuesAWholeFileWithoutAnEmptyLine) {
  ASSERT_TRUE(dead_letters_.append({refused(R"({"a": 1})")}, kTime));
  ASSERT_TRUE(DeadLetterFile(*files_, path_).append({refused(R"({"a": 2})")}, kTime));
  EXPECT_EQ(lines().size(), 2U);
}

TEST_F(DeadLetterTest, StartsANewLineAfterATornOne) {
  ASSERT_TRUE(files_->append_synced(path_, R"({"time":"torn by a cra)"));
  ASSERT_TRUE(dead_letters_.append({refused(R"({"a": 1})")}, kTime));
  ASSERT_EQ(lines().size(), 2U);
  EXPECT_FALSE(nlohmann::json::accept(lines().at(0)));
  EXPECT_TRUE(nlohmann::json::accept(lines().at(1)));
}

// Takes a part of the second append and fails; then works again.
class TearingFileSystem final : public FileSystem {
 public:
  explicit TearingFileSystem(FileSystem& files) : files_(files) {}

  Result<std::optional<std::string>> read(const std::string& path) override { return files_.read(path); }
  Result<void> write(const std::string& path, std::string_view content) override {
    return files_.write(path, content);
  }
  Result<void> sync(const std::string& path) override { return files_.sync(path); }
  Result<void> append_synced(const std::string& path, std::string_view content) override {
    if (++appends_ != 2) return files_.append_synced(path, content);
    EXPECT_TRUE(files_.append_synced(path, content.substr(0, content.size() / 2)));
    return io_error("append to", path, ENOSPC);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  Result<void> link_or_copy(const std::string& from, const std::string& to) override {
    return files_.link_or_copy(from, to);
  }
  Result<void> remove(const std::string& path) override { return files_.remove(path); }
  Result<void> sync_folder(const std::string& folder) override { return files_.sync_folder(folder); }
  Result<void> make_folder(const std::string& folder) override { return files_.make_folder(folder); }

 private:
  FileSystem& files_;
  int appends_ = 0;
};

TEST_F(DeadLetterTest, StartsANewLineAfterAnAppendThatFailedHalfWay) {
  TearingFileSystem tearing(*files_);
  DeadLetterFile dead_letters(tearing, path_);
  ASSERT_TRUE(dead_letters.append({refused(R"({"a": 1})")}, kTime));
  ASSERT_FALSE(dead_letters.append({refused(R"({"a": 2})")}, kTime));
  ASSERT_TRUE(dead_letters.append({refused(R"({"a": 2})")}, kTime));
  ASSERT_EQ(lines().size(), 3U);
  EXPECT_TRUE(nlohmann::json::accept(lines().at(0)));
  EXPECT_FALSE(nlohmann::json::accept(lines().at(1)));
  EXPECT_TRUE(nlohmann::json::accept(lines().at(2)));
}

TEST(Base64, GivesBackEveryLength) {
  std::string bytes;
  for (int length = 0; length < 300; ++length) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
    bytes.push_back(static_cast<char>(length * 37));
  }
  EXPECT_EQ(to_base64("Man"), "TWFu");
  EXPECT_EQ(to_base64("Ma"), "TWE=");
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const char* text : {"T", "TWF", "TW==x", "TWF=", "TW=u", "====", "T===", "TWF\xff"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

}  // namespace
}  // namespace ddsync::state
