#include "check/wording.h"

#include <fmt/format.h>

#include "config/plain_text.h"
#include "observe/numbers.h"

namespace ddsync::check {
namespace {

constexpr size_t kNamedMax = 10;

}  // namespace

std::string some_of(const std::vector<std::string>& texts, std::string_view separator) {
  return config::some_of(texts, kNamedMax, separator);
}

std::string counted(uint64_t number, std::string_view what) {
  return fmt::format("{} {}{}", observe::grouped(number), what, number == 1 ? "" : "s");
}

}  // namespace ddsync::check
