#include "config/size.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace ddsync::config {
namespace {

struct Unit {
  std::string_view name;
  uint64_t bytes;
};
constexpr std::array<Unit, 11> kUnits = {{{"GiB", 1u << 30},
                                          {"MiB", 1u << 20},
                                          {"KiB", 1u << 10},
                                          {"GB", 1'000'000'000},
                                          {"MB", 1'000'000},
                                          {"KB", 1'000},
                                          {"kB", 1'000},
                                          {"Gi", 1u << 30},
                                          {"Mi", 1u << 20},
                                          {"Ki", 1u << 10},
                                          {"B", 1}}};

}  // namespace

std::optional<uint64_t> parse_size(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  if (unit.empty()) return number;
  for (const Unit& known : kUnits) {
    if (unit != known.name) continue;
    if (number > std::numeric_limits<uint64_t>::max() / known.bytes) return std::nullopt;
    return number * known.bytes;
  }
  return std::nullopt;
}

std::string size_units() {
  std::string names;
  for (const Unit& unit : kUnits) names += fmt::format("{}{}", names.empty() ? "" : ", ", unit.name);
  return names;
}

std::string print_size(uint64_t bytes) {
  for (const Unit& unit : {kUnits[0], kUnits[1], kUnits[2]}) {
    if (bytes >= unit.bytes && bytes % unit.bytes == 0)
      return fmt::format("{} {}", bytes / unit.bytes, unit.name);
  }
  return std::to_string(bytes);
}

}  // namespace ddsync::config
