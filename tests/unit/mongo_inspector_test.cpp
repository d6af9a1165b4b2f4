#include <gtest/gtest.h>

#include "bson/extended_json.h"
#include "mongo/inspector_impl.h"

namespace ddsync::mongo {
namespace {

Rights rights(const char* reply) { return parse_rights(from_extended_json(reply).value().view()); }

TEST(Rights, AreReadFromTheReplyWithTheirResources) {
  const Rights told = rights(
      R"({"authInfo": {"authenticatedUsers": [{"user": "syncer", "db": "admin"}], "authenticatedUserPrivileges": [
           {"resource": {"db": "shop", "collection": ""}, "actions": ["find", "insert"]},
           {"resource": {"anyResource": true}, "actions": ["anyAction"]}]}})");
  EXPECT_EQ(told.user, "syncer");
  ASSERT_EQ(told.privileges.size(), 2U);
  EXPECT_EQ(told.privileges[0].database, "shop");
  EXPECT_EQ(told.privileges[0].collection, "");
  EXPECT_FALSE(told.privileges[0].any_resource);
  EXPECT_EQ(told.privileges[0].actions, (std::vector<std::string>{"find", "insert"}));
  EXPECT_TRUE(told.privileges[1].any_resource);
}

TEST(Rights, OnTheClusterAreNoneOnItsCollections) {
  EXPECT_TRUE(rights(R"({"authInfo": {"authenticatedUserPrivileges": [
                           {"resource": {"cluster": true}, "actions": ["find"]}]}})")
                  .privileges.empty());
}

TEST(Rights, OfAReplyWithoutUsersOrPrivilegesAreNotTold) {
  for (const char* reply :
       {R"({})", R"({"authInfo": {"authenticatedUsers": []}})",
        R"({"authInfo": {"authenticatedUsers": [7], "authenticatedUserPrivileges": [7]}})"}) {
    const Rights told = rights(reply);
    EXPECT_EQ(told.user, "") << reply;
    EXPECT_TRUE(told.privileges.empty()) << reply;
  }
}

}  // namespace
}  // namespace ddsync::mongo
