// What a target lacks of the collections that an earlier run has seen: it may be another one than before, or
// somebody dropped them there. What was copied or applied once does not come again by itself. By names and
// estimated counts: documents are not compared. Nothing here throws or decides about a start.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "engine/source_identity.h"
#include "mongo/reader.h"

namespace ddsync::runtime {

// Of the collections that `known` names, those that hold documents at the source and are not there at the
// target: a warning for the first ones. Bounded in time; what cannot be asked is passed over.
void warn_of_lost(mongo::Reader& source, mongo::Reader& target, const SourceIdentity& known);

// Collections in scope of which the target holds fewer documents than the source: "shop.orders (5 of 7)".
// Each is counted again for some seconds before it is one of them: a source that is written to is always a
// little ahead.
std::vector<std::string> fewer_on_target(mongo::Reader& source, mongo::Reader& target,
                                         const config::Config& config);

}  // namespace ddsync::runtime
