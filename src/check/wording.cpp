#include "check/wording.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "observe/numbers.h"

namespace ddsync::check {
namespace {

constexpr size_t kNamedMax = 10;

}  // namespace

std::string some_of(const std::vector<std::string>& texts, std::string_view separator) {
  const auto named = texts.begin() + static_cast<std::ptrdiff_t>(std::min(texts.size(), kNamedMax));
  std::string text = fmt::format("{}", fmt::join(texts.begin(), named, separator));
  if (named != texts.end()) text += fmt::format(" and {} more", texts.end() - named);
  return text;
}

std::string counted(uint64_t number, std::string_view what) {
  return fmt::format("{} {}{}", observe::grouped(number), what, number == 1 ? "" : "s");
}

}  // namespace ddsync::check
