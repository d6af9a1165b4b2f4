#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/mailbox.h"
#include "runtime/thread.h"
#include "runtime/worker.h"

namespace ddsync::runtime {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(Mailbox, GivesAllThatWaitsAtOnceInOrderOfArrival) {
  Mailbox<int> mailbox;
  for (int i = 0; i < 3; ++i) {
    mailbox.post(int{i});
  }
  std::vector<int> items{99};
  EXPECT_TRUE(mailbox.take(items));
  EXPECT_EQ(items, (std::vector<int>{0, 1, 2}));
}

TEST(Mailbox, GivesNothingWhenTheDeadlinePasses) {
  Mailbox<int> mailbox;
  std::vector<int> items;
  const TimePoint deadline = SteadyClock::now() + milliseconds(5);
  EXPECT_TRUE(mailbox.take(items, deadline));
  EXPECT_TRUE(items.empty());
  EXPECT_GE(SteadyClock::now(), deadline);
}

TEST(Mailbox, AWakeEndsTheWaitOnce) {
  Mailbox<int> mailbox;
  mailbox.wake();
  std::vector<int> items;
  EXPECT_TRUE(mailbox.take(items, SteadyClock::now() + hours(1)));
  EXPECT_TRUE(items.empty());
  const TimePoint deadline = SteadyClock::now() + milliseconds(5);
  mailbox.take(items, deadline);
  EXPECT_GE(SteadyClock::now(), deadline) << "the wake was kept although it had been taken";
}

TEST(Mailbox, AWaitingConsumerIsWokenByAnItem) {
  Mailbox<int> mailbox;
  std::vector<int> items;
  const Thread producer("producer", [&] { mailbox.post(7); });
  EXPECT_TRUE(mailbox.take(items, SteadyClock::now() + hours(1)));
  EXPECT_EQ(items, std::vector<int>{7});
}

TEST(Mailbox, AClosedOneStillGivesWhatWaitsAndThenEnds) {
  Mailbox<int> mailbox;
  mailbox.post(1);
  mailbox.close();
  std::vector<int> items;
  EXPECT_TRUE(mailbox.take(items));
  EXPECT_EQ(items, std::vector<int>{1});
  EXPECT_FALSE(mailbox.take(items));
}

TEST(Mailbox, LosesNothingOfManyProducersAndKeepsTheOrderOfEach) {
  constexpr uint32_t kProducers = 4;
  constexpr uint32_t kItems = 5'000;
  struct Item {
    uint32_t producer;
    uint32_t number;
  };
  Mailbox<Item> mailbox;
  std::vector<std::unique_ptr<Thread>> producers;
  for (uint32_t p = 0; p < kProducers; ++p) {
    producers.push_back(std::make_unique<Thread>("producer", [&mailbox, p] {
      for (uint32_t n = 0; n < kItems; ++n) {
        mailbox.post(Item{.producer = p, .number = n});
      }
    }));
  }
  std::vector<uint32_t> next(kProducers);
  std::vector<Item> items;
  for (uint32_t received = 0; received < kProducers * kItems;
       received += static_cast<uint32_t>(items.size())) {
    ASSERT_TRUE(mailbox.take(items));
    for (const Item& item : items) {
      ASSERT_EQ(item.number, next.at(item.producer)++);
    }
  }
}

TEST(Worker, FinishesTheOrdersThatWaitBeforeItEnds) {
  std::vector<int> done;
  {
    Worker<int> worker("worker", [&done](int&& order) { done.push_back(order); });
    for (int i = 0; i < 100; ++i) {
      worker.post(int{i});
    }
  }
  ASSERT_EQ(done.size(), 100U);
  EXPECT_EQ(done.front(), 0);
  EXPECT_EQ(done.back(), 99);
}

TEST(Worker, GivesBackWhatItHoldsWhenItEnds) {
  auto connection = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = connection;
  {
    const Worker<int> worker("worker", [held = std::move(connection)](int&&) {});
  }
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace ddsync::runtime
