#include <gtest/gtest.h>

#include "mongo/validator_bypass.h"

namespace ddsync::mongo {
namespace {

// Of two operations each in "a.c" and in "b.c", or of one of them alone.
WriteBatch batch(std::initializer_list<const char*> databases) {
  WriteBatch batch;
  for (const char* database : databases) batch.parts.push_back({WriteKind::insert, {database, "c"}, 2});
  return batch;
}

WriteOutcome refused(uint32_t index, int code = 121) {
  WriteOutcome outcome;
  outcome.operation_errors.push_back({index, make_error(ErrorContext::write_operation, code, "", "refused")});
  return outcome;
}

const Error& judged(ValidatorBypass& bypass, const WriteBatch& batch, WriteOutcome& outcome) {
  bypass.judge(batch, outcome);
  return outcome.operation_errors.front().error;
}

TEST(ValidatorBypass, IsUsedFromTheFirstRefusalOn) {
  ValidatorBypass bypass;
  WriteOutcome taken;
  bypass.judge(batch({"a"}), taken);
  WriteOutcome too_large = refused(0, 17280);
  EXPECT_EQ(judged(bypass, batch({"a"}), too_large).treatment, Treatment::permanent);
  EXPECT_FALSE(bypass.in_use(batch({"a"})));

  WriteOutcome outcome = refused(1);
  EXPECT_EQ(judged(bypass, batch({"a"}), outcome).treatment, Treatment::retry);
  EXPECT_TRUE(bypass.in_use(batch({"a"})));
}

TEST(ValidatorBypass, IsOfTheDatabaseWhoseValidatorRefused) {
  ValidatorBypass bypass;
  WriteOutcome outcome = refused(2);
  EXPECT_EQ(judged(bypass, batch({"a", "b"}), outcome).treatment, Treatment::retry);
  EXPECT_FALSE(bypass.in_use(batch({"a"})));
  EXPECT_TRUE(bypass.in_use(batch({"b"})));
  EXPECT_TRUE(bypass.in_use(batch({"a", "b"})));
}

// Of another writer, whose command was on its way.
TEST(ValidatorBypass, ARefusalThatComesAfterTheFirstIsTriedAgainToo) {
  ValidatorBypass bypass;
  WriteOutcome first = refused(0);
  WriteOutcome second = refused(0);
  bypass.judge(batch({"a"}), first);
  EXPECT_EQ(judged(bypass, batch({"a"}), second).treatment, Treatment::retry);
}

TEST(ValidatorBypass, WhereItIsDeniedTheRefusalStaysAndSaysWhy) {
  ValidatorBypass bypass;
  bypass.deny(batch({"a"}));
  WriteOutcome outcome = refused(0);
  const Error& error = judged(bypass, batch({"a"}), outcome);
  EXPECT_EQ(error.treatment, Treatment::permanent);
  EXPECT_NE(error.message.find("bypassDocumentValidation"), std::string::npos);
  EXPECT_FALSE(bypass.in_use(batch({"a"})));

  WriteOutcome elsewhere = refused(0);
  EXPECT_EQ(judged(bypass, batch({"b"}), elsewhere).treatment, Treatment::retry);
}

}  // namespace
}  // namespace ddsync::mongo
