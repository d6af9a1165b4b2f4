// Queries that find exactly the documents of a range, on every server. Pure; internal to mongo/.
//
// Only comparisons and $type are used, and only where all servers agree on them (shared/SERVERS.md): a
// comparison finds its operand's bracket; min/max of find, $expr and comparisons with MinKey, MaxKey, NaN,
// null or undefined are not used, because there they differ.
#pragma once

#include <vector>

#include "engine/copy_plan.h"

namespace ddsync::mongo {

// Filters of the documents of `range` behind `after` (missing = all). They are disjoint, and what a later one
// finds sorts behind what an earlier one finds: read one after the other, each sorted by _id. (As one $or
// they would be sorted in memory by servers that do not merge index scans.) None when there can be no
// document. A bound that is not of the range's bracket (of a damaged state, or a document that does not
// belong there) is left out.
std::vector<OwnedDocument> range_filters(const CopyRange& range, const OwnedValue& after);

// The filter of all of a bracket.
OwnedDocument bracket_filter(Bracket bracket);

// The same, by comparisons where there are any: for the indexes of MongoDB and secantusd (which has none for
// $type), not proven for DocumentDB's rare types.
OwnedDocument bracket_probe(Bracket bracket);

}  // namespace ddsync::mongo
