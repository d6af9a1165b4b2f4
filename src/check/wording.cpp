#include "check/wording.h"

#include <fmt/format.h>

#include <array>

#include "config/plain_text.h"
#include "observe/numbers.h"

namespace ddsync::check {
namespace {

constexpr size_t kNamedMax = 10;

struct Unit {
  uint64_t bytes;
  std::string_view name;
};
constexpr auto kUnits = std::to_array<Unit>({{1u << 30, "GiB"}, {1u << 20, "MiB"}, {1u << 10, "KiB"}});

}  // namespace

std::string some_of(const std::vector<std::string>& texts, std::string_view separator) {
  return config::some_of(texts, kNamedMax, separator);
}

std::string counted(uint64_t number, std::string_view what) {
  return fmt::format("{} {}{}", observe::grouped(number), what, number == 1 ? "" : "s");
}

std::string size_text(uint64_t bytes) {
  for (const Unit& unit : kUnits) {
    if (bytes >= unit.bytes)
      return fmt::format("{:.1f} {}", static_cast<double>(bytes) / static_cast<double>(unit.bytes),
                         unit.name);
  }
  return counted(bytes, "byte");
}

}  // namespace ddsync::check
