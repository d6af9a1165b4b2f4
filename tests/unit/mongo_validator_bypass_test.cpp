#include <gtest/gtest.h>

#include "mongo/validator_bypass.h"

namespace ddsync::mongo {
namespace {

WriteOutcome refused_by_validator() {
  WriteOutcome outcome;
  outcome.operation_errors.push_back(
      {3, make_error(ErrorContext::write_operation, 121, "", "Document failed validation")});
  outcome.operation_errors.push_back(
      {5, make_error(ErrorContext::write_operation, 17280, "", "key too large")});
  return outcome;
}

TEST(ValidatorBypass, IsUsedFromTheFirstRefusalOn) {
  ValidatorBypass bypass;
  WriteOutcome nothing_refused;
  bypass.judge(nothing_refused);
  EXPECT_FALSE(bypass.in_use());

  WriteOutcome outcome = refused_by_validator();
  bypass.judge(outcome);
  EXPECT_TRUE(bypass.in_use());
  EXPECT_EQ(outcome.operation_errors[0].error.treatment, Treatment::retry);
  EXPECT_EQ(outcome.operation_errors[1].error.treatment, Treatment::permanent) << "not of a validator";
}

// Of another writer, whose command was on its way.
TEST(ValidatorBypass, ARefusalThatComesAfterTheFirstIsTriedAgainToo) {
  ValidatorBypass bypass;
  WriteOutcome first = refused_by_validator();
  bypass.judge(first);
  WriteOutcome second = refused_by_validator();
  bypass.judge(second);
  EXPECT_EQ(second.operation_errors[0].error.treatment, Treatment::retry);
}

TEST(ValidatorBypass, WhereItIsDeniedTheRefusalStaysAndSaysWhy) {
  ValidatorBypass bypass;
  bypass.deny();
  WriteOutcome outcome = refused_by_validator();
  bypass.judge(outcome);
  EXPECT_FALSE(bypass.in_use());
  EXPECT_EQ(outcome.operation_errors[0].error.treatment, Treatment::permanent);
  EXPECT_NE(outcome.operation_errors[0].error.message.find("bypassDocumentValidation"), std::string::npos);
}

}  // namespace
}  // namespace ddsync::mongo
