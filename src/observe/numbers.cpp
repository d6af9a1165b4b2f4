#include "observe/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ddsync::observe {

std::string grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ' ');
  }
  return text;
}

std::string duration_text(double seconds) {
  constexpr uint64_t minute = 60;
  constexpr uint64_t hour = 60 * minute;
  constexpr uint64_t day = 24 * hour;
  constexpr double most = 1e12;  // fits; also what an absurd estimate may give
  const auto whole = static_cast<uint64_t>(std::llround(std::clamp(seconds, 0.0, most)));
  if (whole < minute) return fmt::format("{}s", whole);
  if (whole < hour) return fmt::format("{}m{:02}s", whole / minute, whole % minute);
  if (whole < day) return fmt::format("{}h{:02}m", whole / hour, whole % hour / minute);
  return fmt::format("{}d{:02}h", whole / day, whole % day / hour);
}

}  // namespace ddsync::observe
