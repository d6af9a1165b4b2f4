#include "mongo/boundaries.h"

#include <algorithm>
#include <map>

#include "mongo/binary_query.h"

namespace ddsync::mongo {
namespace {

using Ids = std::vector<OwnedValue>;

bool before(const OwnedValue& a, const OwnedValue& b) { return compare_ids(a.view(), b.view()) < 0; }

// Brackets of rare types are not divided: servers may not agree on comparisons with them.
bool can_be_divided(Bracket bracket, bool has_collation) {
  switch (bracket) {
    case Bracket::strings:
    case Bracket::documents:
      return !has_collation;
    case Bracket::numbers:
    case Bracket::binary:
    case Bracket::object_id:
    case Bracket::date:
    case Bracket::timestamp:
      return true;
    default:
      return false;
  }
}

bool rises(const OwnedValue& a, const OwnedValue& b) {
  return before(a, b) && (bracket_of(a.view()) != Bracket::binary || rises_without_subtype(a, b));
}

// Every `step`-th of the sorted samples, strictly rising: a value that is sampled often is one boundary.
Ids boundaries(Ids samples, size_t step) {
  std::ranges::sort(samples, before);
  Ids chosen;
  for (size_t at = step; at < samples.size(); at += step)
    if (chosen.empty() || rises(chosen.back(), samples[at])) chosen.push_back(std::move(samples[at]));
  return chosen;
}

}  // namespace

uint64_t ranges_wanted(uint64_t documents) {
  if (documents < kDocumentsDivided_min) return 1;
  // Not all, because each bracket has one range more than it has boundaries.
  constexpr uint64_t kWanted_max = kRanges_max - kIdBrackets.size();
  const uint64_t rounded = (documents + kDocumentsPerRange / 2) / kDocumentsPerRange;
  return std::clamp<uint64_t>(rounded, 1, kWanted_max);
}

std::vector<CopyRange> make_ranges(const Namespace& ns, const std::vector<Bracket>& brackets,
                                   const Samples& samples) {
  std::map<Bracket, Ids> by_bracket;
  for (const OwnedValue& id : samples.ids) by_bracket[bracket_of(id.view())].push_back(id);
  std::vector<CopyRange> ranges;
  for (const Bracket bracket : brackets) {
    CopyRange range{.ns = ns, .bracket = static_cast<uint32_t>(bracket), .from = {}, .to = {}};
    if (can_be_divided(bracket, samples.has_collation)) {
      for (OwnedValue& boundary : boundaries(std::move(by_bracket[bracket]), samples.per_range)) {
        range.to = boundary;
        ranges.push_back(range);
        range.from = std::move(boundary);
      }
      range.to = OwnedValue();
    }
    ranges.push_back(std::move(range));
  }
  return ranges;
}

}  // namespace ddsync::mongo
