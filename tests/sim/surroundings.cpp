#include "sim/surroundings.h"

#include <algorithm>

namespace ddsync::sim {

void Outages::plan(Surroundings& around, uint32_t count, Duration within) {
  for (uint32_t i = 0; i < count; ++i) {
    const Duration start = {around.random.between(0, within.us)};
    const Duration length = around.random.milliseconds(100, 8'000);
    around.time.after(start, [this, &around, length] {
      until_ = std::max(until_, around.time.now() + length);
      around.trace.line(around.time.now(), "an outage begins, {} ms", length.us / 1000);
    });
  }
}

}  // namespace ddsync::sim
