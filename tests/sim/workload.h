// Random changes of the source: few keys, so that races happen; ids in several types; unique values that move
// between documents; schema changes.
#pragma once

#include <cstdint>
#include <functional>

#include "sim/source.h"
#include "sim/surroundings.h"

namespace ddsync::sim {

class Workload {
 public:
  Workload(Surroundings& around, Source& source, std::function<void()> changed);

  // What the source holds before the process starts for the first time.
  void fill(uint32_t changes);
  void start();
  bool done() const { return left_ == 0; }

 private:
  void plan_next();
  void chatter();
  void tell(uint64_t before);
  void run_one();
  void change_document(const Namespace& ns);
  void swap_unique_values(const Namespace& ns);
  bool change_schema(const Namespace& ns);
  bool change_options(const Namespace& ns);
  bool rename(const Namespace& from);
  OwnedValue random_id();
  Source::Content content();
  const Namespace& random_namespace();

  Surroundings& around_;
  Source& source_;
  std::function<void()> changed_;
  uint32_t left_;
  uint32_t burst_ = 0;
  Random chatter_;  // of its own: it goes on when the storm is over
};

}  // namespace ddsync::sim
