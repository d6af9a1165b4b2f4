// Time and processor use of the tool itself, and the hand-shake with bench/run.py.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace ddsync::bench {

class Measurement {
 public:
  Measurement();

  double seconds() const;
  double cpu_seconds() const;  // user + system of the whole process since the construction

  // One line of JSON for bench/run.py; `more` is put behind the figures: `, "name": value`.
  void print(int64_t events, const std::string& more = "") const;

 private:
  std::chrono::steady_clock::time_point start_;
  double cpu_start_;
};

int64_t wall_clock_us();

// Says "ready" and waits for a line on standard input, so that several loops start at the same moment.
void wait_for_go();

}  // namespace ddsync::bench
