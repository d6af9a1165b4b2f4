// Ranges of binary _ids. Pure; internal to mongo/.
//
// Binary values sort by length, subtype and bytes. secantusd 0.5.3 sorts and seeks by length and bytes, and
// then leaves out what a comparison of the bytes alone does not find: {$gt: <9 bytes>} misses longer ones
// that begin lower. A range is therefore cut where the length changes: among values of one length, and
// between the smallest of one length and the greatest of another, all ways of comparing agree.
#pragma once

#include <vector>

#include "bson/owned.h"

namespace ddsync::mongo {

struct BinaryPart {
  OwnedValue lower;
  bool lower_included = true;
  OwnedValue upper;  // included; missing = to the end
};

// The values behind `from` (missing = all) up to `to`, included (missing = all), both binary: disjoint parts,
// ascending.
std::vector<BinaryPart> binary_parts(const OwnedValue& from, const OwnedValue& to);

// `a` sorts before `b` also where subtypes do not count, as at secantusd.
bool rises_without_subtype(const OwnedValue& a, const OwnedValue& b);

}  // namespace ddsync::mongo
