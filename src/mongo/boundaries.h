// From samples of _ids to the ranges of a collection. Pure; internal to mongo/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/copy_plan.h"

namespace ddsync::mongo {

// Ranges of one collection at most: progress is kept for each of them.
inline constexpr uint64_t kRanges_max = 4'096;
// Below this a collection is one range.
inline constexpr uint64_t kDocumentsDivided_min = 20'000;
// Documents of a range: a few seconds of reading and writing. Less costs round trips and progress to keep,
// more is repeated after a crash and leaves readers idle at the end.
inline constexpr uint64_t kDocumentsPerRange = 36'000;

// How many ranges a collection should have.
uint64_t ranges_wanted(uint64_t documents);

struct Samples {
  std::vector<OwnedValue> ids;  // in any order, of any type; repeated ones count
  size_t per_range = 1;         // every so many-th of them is a boundary
  // The collection has a collation: the order of strings, and of documents that may hold them, is not ours to
  // tell, and their brackets are not divided.
  bool has_collation = false;
};

// Every value of one of `brackets` (ascending) is in exactly one of the ranges, whatever the samples are.
std::vector<CopyRange> make_ranges(const Namespace& ns, const std::vector<Bracket>& brackets,
                                   const Samples& samples);

}  // namespace ddsync::mongo
