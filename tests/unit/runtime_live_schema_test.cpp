// What of a live schema change goes to which target. On real servers: test_live_schema.py.
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "bson/extended_json.h"
#include "runtime/live_schema.h"

namespace ddsync::runtime {
namespace {

const Namespace kNs{"db", "c"};

OwnedDocument document(const std::string& json) { return from_extended_json(json).value(); }
std::string json(const OwnedDocument& from) { return to_extended_json(from.view()); }

class FakeReader final : public mongo::Reader {
 public:
  mongo::Result<std::vector<OwnedDocument>> find_by_ids(const Namespace&,
                                                        const std::vector<OwnedValue>&) override {
    return std::vector<OwnedDocument>();
  }
  mongo::Result<uint64_t> estimated_count(const Namespace&) override { return 0; }
  mongo::Result<std::vector<std::string>> database_names() override { return std::vector<std::string>(); }
  mongo::Result<std::vector<std::string>> collection_names(const std::string&) override {
    return std::vector<std::string>();
  }
  mongo::Result<std::map<std::string, std::string>> collection_uuids(const std::string&) override {
    return std::map<std::string, std::string>();
  }
  mongo::Result<std::optional<mongo::ListedCollection>> collection(const Namespace&) override {
    if (!options) return std::optional<mongo::ListedCollection>();
    return std::optional(mongo::ListedCollection{*options, {}});
  }
  mongo::Result<std::vector<OwnedDocument>> indexes(const Namespace&) override { return listed; }

  std::optional<OwnedDocument> options;
  std::vector<OwnedDocument> listed;
};

class FakeWriter final : public mongo::Writer {
 public:
  WriteOutcome write(const WriteBatch&) override { return {}; }
  std::optional<Error> change_schema(const SchemaChange& change, const NamespaceFilter&) override {
    sent.push_back(json(change.arguments));
    return sent.size() > answers.size() ? answer : answers[sent.size() - 1];
  }

  std::vector<std::optional<Error>> answers;  // the first ones
  std::optional<Error> answer;                // all others
  std::vector<std::string> sent;
};

class LiveSchemaTest : public ::testing::Test {
 protected:
  std::optional<Error> carry_out(SchemaChangeKind kind, const std::string& arguments) {
    SchemaChange change;
    change.kind = kind;
    change.ns = kNs;
    if (!arguments.empty()) change.arguments = document(arguments);
    return carry_out_live(change, unsupported_, {source_, target_, info_}, writer_, {});
  }
  void refuse(int code) {
    writer_.answer = make_error(ErrorContext::schema, code, "", "refused by the test");
  }
  using Sent = std::vector<std::string>;

  config::Unsupported unsupported_ = config::Unsupported::stop;
  FakeReader source_;
  FakeReader target_;
  mongo::ServerInfo info_;
  FakeWriter writer_;
};

const std::string kValidated = R"({"validator":{"a":1},"idIndex":{"v":2}})";

TEST_F(LiveSchemaTest, CreatesWithTheOptionsOfTheEvent) {
  EXPECT_FALSE(carry_out(SchemaChangeKind::create, kValidated));
  EXPECT_EQ(writer_.sent, Sent{json(document(R"({"validator":{"a":1}})"))});
}

TEST_F(LiveSchemaTest, ACollectionThatIsThereWithOtherOptionsStaysAsItIs) {
  writer_.answers = {make_error(ErrorContext::schema, 48, "", "there")};
  EXPECT_FALSE(carry_out(SchemaChangeKind::create, R"({"capped":true,"size":4096})"));
  EXPECT_EQ(writer_.sent.size(), 1U);
}

TEST_F(LiveSchemaTest, ACollectionThatADocumentMadeBeforeGetsTheValidatorYet) {
  writer_.answers = {make_error(ErrorContext::schema, 48, "", "there")};
  EXPECT_FALSE(carry_out(SchemaChangeKind::create, kValidated));
  const std::string validator = json(document(R"({"validator":{"a":1}})"));
  EXPECT_EQ(writer_.sent, (Sent{validator, validator}));
}

TEST_F(LiveSchemaTest, WhatTheTargetCannotHaveIsRefusedForGoodAndNotSent) {
  info_.is_documentdb = true;
  for (const auto kind : {SchemaChangeKind::create, SchemaChangeKind::modify}) {
    const auto error = carry_out(kind, kValidated);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->treatment, Treatment::permanent);
    EXPECT_NE(error->message.find("db.c: validator"), std::string::npos) << error->message;
  }
  EXPECT_EQ(writer_.sent, Sent{});
}

TEST_F(LiveSchemaTest, WithWarnTheRestIsCarriedOver) {
  info_.is_documentdb = true;
  unsupported_ = config::Unsupported::warn;
  EXPECT_FALSE(carry_out(SchemaChangeKind::create, kValidated));
  EXPECT_FALSE(carry_out(SchemaChangeKind::modify, R"({"validator":{"a":1},"validationLevel":"off"})"));
  EXPECT_EQ(writer_.sent, Sent{json(document("{}"))}) << "nothing is left of the second";
}

TEST_F(LiveSchemaTest, AnExpiryIsCarriedToDocumentDb) {
  info_.is_documentdb = true;
  const std::string expiry = R"({"index":{"name":"t_1","expireAfterSeconds":60}})";
  EXPECT_FALSE(carry_out(SchemaChangeKind::modify, expiry));
  EXPECT_EQ(writer_.sent, Sent{json(document(expiry))});
}

TEST_F(LiveSchemaTest, AValidatorThatIsTakenAwayIsTakenAway) {
  EXPECT_FALSE(carry_out(SchemaChangeKind::modify, R"({"validator":{}})"));
  EXPECT_EQ(writer_.sent, Sent{json(document(R"({"validator":{}})"))});
}

TEST_F(LiveSchemaTest, WithWarnARefusalIsAWarning) {
  unsupported_ = config::Unsupported::warn;
  for (const auto kind :
       {SchemaChangeKind::create, SchemaChangeKind::modify, SchemaChangeKind::drop_indexes}) {
    refuse(115);
    EXPECT_FALSE(carry_out(kind, R"({"indexes":[{"name":"a"}]})"));
    refuse(91);
    EXPECT_TRUE(carry_out(kind, R"({"indexes":[{"name":"a"}]})")) << "it passes by itself";
    refuse(13);
    EXPECT_TRUE(carry_out(kind, R"({"indexes":[{"name":"a"}]})")) << "a matter of rights";
  }
}

TEST_F(LiveSchemaTest, OtherwiseARefusalIsOne) {
  refuse(115);
  EXPECT_TRUE(carry_out(SchemaChangeKind::modify, R"({"validator":{}})"));
  EXPECT_TRUE(carry_out(SchemaChangeKind::drop_indexes, R"({"indexes":[{"name":"a"}]})"));
  EXPECT_TRUE(carry_out(SchemaChangeKind::create, "{}"));
}

TEST_F(LiveSchemaTest, AChangeThatTheEventDoesNotDescribeIsTakenFromTheSource) {
  source_.options = document("{}");
  source_.listed = {document(R"({"v":2,"key":{"t":1},"name":"t_1","expireAfterSeconds":60})"),
                    document(R"({"v":2,"key":{"a":1},"name":"a_1"})"),
                    document(R"({"v":2,"key":{"b":1},"name":"b_1","hidden":true})"),
                    document(R"({"v":2,"key":{"s":1},"name":"same"})"),
                    document(R"({"v":2,"key":{"n":1},"name":"not_there","hidden":true})")};
  target_.listed = {
      document(R"({"v":2,"key":{"t":1},"name":"t_1","expireAfterSeconds":{"$numberDouble":"5"}})"),
      document(R"({"v":2,"key":{"a":1},"name":"a_1","hidden":true})"),
      document(R"({"v":2,"key":{"b":1},"name":"b_1"})"), document(R"({"v":2,"key":{"s":1},"name":"same"})")};
  EXPECT_FALSE(carry_out(SchemaChangeKind::modify, "{}"));
  EXPECT_EQ(writer_.sent, (Sent{json(document(R"({"index":{"name":"t_1","expireAfterSeconds":60}})")),
                                json(document(R"({"index":{"name":"a_1","hidden":false}})")),
                                json(document(R"({"index":{"name":"b_1","hidden":true}})"))}));
}

TEST_F(LiveSchemaTest, AViewThatChangedIsTakenFromTheSource) {
  const std::string view = R"({"viewOn":"c","pipeline":[{"$match":{"a":1}}]})";
  source_.options = document(view);
  EXPECT_FALSE(carry_out(SchemaChangeKind::modify, ""));
  EXPECT_EQ(writer_.sent, Sent{json(document(view))});
}

}  // namespace
}  // namespace ddsync::runtime
