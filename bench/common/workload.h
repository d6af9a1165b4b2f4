// The workloads as sequences of operations: the same name and count give the same sequence everywhere, so the
// generator of the backlog and the bare writer do the same.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace ddsync::bench {

enum class OperationKind : uint8_t { insert, update, remove };

struct Operation {
  OperationKind kind = OperationKind::insert;
  int64_t id = 0;
  int64_t version = 0;
};

// insert: new documents only; update: uniform over 100 000 documents; mixed: 50 % insert, 40 % update, 10 %
// delete, uniform over the living ones; hot: updates of 10 000 documents, zipf 1.1.
// `preloaded` documents 0..n-1 are there before, on both sides.
struct Workload {
  int64_t preloaded = 0;
  std::vector<Operation> operations;
  // Updates of documents that are deleted later in the sequence: read after the whole sequence was written,
  // their looked-up document is null and they are skipped (the delete says the rest).
  int64_t updates_of_deleted = 0;
};

Workload make_workload(const std::string& name, int64_t events);

}  // namespace ddsync::bench
