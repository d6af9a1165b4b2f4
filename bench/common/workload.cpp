#include "common/workload.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "common/driver.h"

namespace ddsync::bench {
namespace {

constexpr uint64_t kSeed = 4;
constexpr int64_t kUpdatedDocuments = 100'000;
constexpr int64_t kMixedDocuments = 20'000;
constexpr int64_t kHotDocuments = 10'000;
constexpr double kZipfExponent = 1.1;

using Random = std::mt19937_64;

size_t below(Random& random, size_t bound) {
  return std::uniform_int_distribution<size_t>(0, bound - 1)(random);
}

Workload inserts(int64_t events) {
  Workload workload;
  for (int64_t i = 0; i < events; ++i) workload.operations.push_back({OperationKind::insert, i, i + 1});
  return workload;
}

Workload uniform_updates(int64_t events) {
  Workload workload{.preloaded = kUpdatedDocuments, .operations = {}, .updates_of_deleted = 0};
  Random random(kSeed);
  for (int64_t i = 0; i < events; ++i) {
    const auto id = static_cast<int64_t>(below(random, kUpdatedDocuments));
    workload.operations.push_back({OperationKind::update, id, i + 1});
  }
  return workload;
}

std::vector<double> zipf_cumulative() {
  std::vector<double> cumulative;
  double sum = 0;
  for (int64_t rank = 1; rank <= kHotDocuments; ++rank)
    cumulative.push_back(sum += 1 / std::pow(static_cast<double>(rank), kZipfExponent));
  return cumulative;
}

Workload hot_updates(int64_t events) {
  constexpr int64_t scatter = 7919;  // prime: neighbours in rank are not neighbours in _id
  Workload workload{.preloaded = kHotDocuments, .operations = {}, .updates_of_deleted = 0};
  Random random(kSeed);
  const std::vector<double> cumulative = zipf_cumulative();
  std::uniform_real_distribution<double> uniform(0, cumulative.back());
  for (int64_t i = 0; i < events; ++i) {
    const auto rank = std::ranges::lower_bound(cumulative, uniform(random)) - cumulative.begin();
    workload.operations.push_back({OperationKind::update, rank * scatter % kHotDocuments, i + 1});
  }
  return workload;
}

void count_updates_of_deleted(Workload& workload) {
  std::unordered_map<int64_t, int64_t> updates;
  for (const Operation& operation : workload.operations) {
    if (operation.kind == OperationKind::update) updates[operation.id] += 1;
    if (operation.kind == OperationKind::remove) workload.updates_of_deleted += updates[operation.id];
  }
}

Workload mixed(int64_t events) {
  Workload workload{.preloaded = kMixedDocuments, .operations = {}, .updates_of_deleted = 0};
  Random random(kSeed);
  std::vector<int64_t> living;
  for (int64_t id = 0; id < kMixedDocuments; ++id) living.push_back(id);
  int64_t next_id = kMixedDocuments;
  for (int64_t i = 0; i < events; ++i) {
    const size_t percent = below(random, 100);
    if (percent < 50) {
      workload.operations.push_back({OperationKind::insert, next_id, i + 1});
      living.push_back(next_id++);
      continue;
    }
    int64_t& chosen = living[below(random, living.size())];
    workload.operations.push_back(
        {percent < 90 ? OperationKind::update : OperationKind::remove, chosen, i + 1});
    if (percent < 90) continue;
    chosen = living.back();
    living.pop_back();
  }
  count_updates_of_deleted(workload);
  return workload;
}

}  // namespace

Workload make_workload(const std::string& name, int64_t events) {
  if (name == "insert") return inserts(events);
  if (name == "update") return uniform_updates(events);
  if (name == "mixed") return mixed(events);
  if (name == "hot") return hot_updates(events);
  fail("no such workload: " + name);
}

}  // namespace ddsync::bench
