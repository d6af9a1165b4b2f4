// Whether a source is the one that the saved positions are of (DESIGN invariant 6).
#include <gtest/gtest.h>

#include "runtime/source_identity.h"

namespace ddsync::runtime {
namespace {

Sameness sameness(const SourceIdentity& known, const SourceIdentity& now) {
  return compare(known, now).sameness;
}

TEST(SourceIdentityTest, AnotherReplicaSetIsAnotherSource) {
  EXPECT_EQ(sameness({"rs0", {}}, {"rs1", {}}), Sameness::other);
  EXPECT_EQ(sameness({"rs0", {}}, {"rs0", {}}), Sameness::same);
  EXPECT_EQ(sameness({"rs0", {}}, {"", {}}), Sameness::same) << "a mongos tells no name";
}

TEST(SourceIdentityTest, OneCollectionThatIsTheSameProvesIt) {
  EXPECT_EQ(sameness({"", {{{"db", "a"}, "1"}, {{"db", "b"}, "2"}, {{"db", "c"}, "3"}}},
                     {"", {{{"db", "a"}, "9"}, {{"db", "b"}, "2"}, {{"db", "c"}, "9"}}}),
            Sameness::same);
}

TEST(SourceIdentityTest, CollectionsThatAreAllOthersNowAreAnotherSource) {
  const Likeness likeness = compare({"", {{{"db", "a"}, "1"}, {{"db", "b"}, "2"}}},
                                    {"", {{{"db", "a"}, "8"}, {{"db", "b"}, "9"}, {{"db", "c"}, "3"}}});
  EXPECT_EQ(likeness.sameness, Sameness::other);
  EXPECT_EQ(likeness.reason, "2 of its collections are known and have another UUID now (such as db.b)");
}

TEST(SourceIdentityTest, OneThatIsAnotherMayHaveBeenMadeAnew) {
  EXPECT_EQ(sameness({"", {{{"db", "a"}, "1"}, {{"db", "gone"}, "2"}}}, {"", {{{"db", "a"}, "9"}}}),
            Sameness::doubtful);
}

TEST(SourceIdentityTest, CollectionsThatAreGoneProveNothing) {
  EXPECT_EQ(sameness({"", {{{"db", "a"}, "1"}, {{"db", "b"}, "2"}}}, {"", {{{"db", "c"}, "3"}}}),
            Sameness::same);
}

TEST(SourceIdentityTest, ChangesNotYetAppliedMayTellThatCollectionsWereMadeAnewButNotOfAReplicaSet) {
  const Likeness collections =
      compare({"", {{{"db", "a"}, "1"}, {{"db", "b"}, "2"}}}, {"", {{{"db", "a"}, "8"}, {{"db", "b"}, "9"}}});
  const Likeness replica_set = compare({"rs0", {}}, {"rs1", {}});
  Checkpoint checkpoint;
  checkpoint.streams.resize(1);
  checkpoint.clean_end = true;
  EXPECT_TRUE(is_refused(collections, checkpoint));
  EXPECT_TRUE(is_refused(replica_set, checkpoint));
  EXPECT_FALSE(is_refused(Likeness{}, checkpoint));
  checkpoint.clean_end = false;
  EXPECT_FALSE(is_refused(collections, checkpoint));
  checkpoint.clean_end = true;
  checkpoint.streams[0].spool_end = 2;
  EXPECT_FALSE(is_refused(collections, checkpoint));
  EXPECT_TRUE(is_refused(replica_set, checkpoint));
}

TEST(SourceIdentityTest, AFewCollectionsOfEachDatabaseAreRemembered) {
  SourceIdentity now{"rs0", {}};
  for (const char* database : {"a", "b", "c", "d", "e", "f"})
    for (int i = 0; i < 9; ++i) now.collections.emplace(Namespace{database, "c" + std::to_string(i)}, "1");
  const SourceIdentity some = remembered(now);
  EXPECT_EQ(some.replica_set, "rs0");
  EXPECT_EQ(some.collections.size(), 16U);
  EXPECT_EQ(some.collections.count({"a", "c3"}), 1U);
  EXPECT_EQ(some.collections.count({"a", "c4"}), 0U);
  EXPECT_EQ(some.collections.count({"d", "c0"}), 1U);
}

}  // namespace
}  // namespace ddsync::runtime
