// What expanded events tell, as MongoDB 6 to 8 and secantusd spell them.
#include "engine/live_change.h"

#include <gtest/gtest.h>

#include "bson/extended_json.h"

namespace ddsync {
namespace {

class LiveChangeTest : public ::testing::Test {
 protected:
  const Event& decoded(const std::string& kind, const std::string& description) {
    bytes_ = *from_extended_json(R"({"_id":{"_data":"t"},"operationType":")" + kind +
                                 R"(","ns":{"db":"db","coll":"coll"},"operationDescription":)" + description +
                                 R"(,"nsType":"collection"})");
    EXPECT_TRUE(decode_event(bytes_.view(), event_));
    return event_;
  }
  SchemaChange change(const std::string& kind, const std::string& description) {
    return live_change(decoded(kind, description));
  }

 private:
  OwnedDocument bytes_;
  Event event_;
};

const std::string kIdIndex = R"("idIndex":{"v":2,"key":{"_id":1},"name":"_id_"})";

TEST_F(LiveChangeTest, KeepsWhatTheEventDescribes) {
  const std::string indexes = R"({"indexes":[{"v":2,"key":{"a":1},"name":"a_1"}]})";
  const SchemaChange drop = change("dropIndexes", indexes);
  EXPECT_EQ(drop.kind, SchemaChangeKind::drop_indexes);
  EXPECT_EQ(drop.ns, (Namespace{"db", "coll"}));
  EXPECT_EQ(drop.arguments, from_extended_json(indexes).value());
  EXPECT_EQ(change("modify", R"({"validator":{}})").kind, SchemaChangeKind::modify);
  EXPECT_EQ(change("create", "{}").kind, SchemaChangeKind::create);
}

TEST_F(LiveChangeTest, EventsWithoutADescriptionHaveNoArguments) {
  const OwnedDocument bytes =
      *from_extended_json(R"({"_id":{"_data":"t"},"operationType":"modify","ns":{"db":"db","coll":"c"}})");
  Event event;
  ASSERT_TRUE(decode_event(bytes.view(), event));
  EXPECT_TRUE(live_change(event).arguments.empty());
}

TEST_F(LiveChangeTest, ACollectionWithNothingButTheIndexOfItsIdIsPlain) {
  EXPECT_TRUE(is_plain(change("create", "{" + kIdIndex + "}")));
  EXPECT_TRUE(is_plain(SchemaChange{}));
  EXPECT_FALSE(is_plain(change("create", R"({"capped":true,"size":4096,)" + kIdIndex + "}")));
  EXPECT_FALSE(is_plain(change("create", R"({"viewOn":"c","pipeline":[]})")));
}

TEST_F(LiveChangeTest, ATimeSeriesIsKnownByItsOptionOrItsBuckets) {
  EXPECT_TRUE(is_time_series(decoded("create", R"({"timeseries":{"timeField":"t"}})")));
  EXPECT_TRUE(is_time_series(decoded("create", R"({"viewOn":"system.buckets.coll","pipeline":[]})")));
  EXPECT_FALSE(is_time_series(decoded("create", R"({"viewOn":"other","pipeline":[]})")));
  EXPECT_FALSE(is_time_series(decoded("create", "{" + kIdIndex + "}")));
}

}  // namespace
}  // namespace ddsync
