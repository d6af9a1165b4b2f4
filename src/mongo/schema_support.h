// Options of collections and specifications of indexes: brought to one form, and what of them a target cannot
// take. Pure, thread-safe. Sources: MongoDB's create and createIndexes; shared/SERVERS.md sections 2 and 4.
#pragma once

#include <string>
#include <vector>

#include "engine/copy_plan.h"
#include "mongo/endpoint.h"

namespace ddsync::mongo {

// An index as it is sent: `key`, `name`, then the rest by name; without what servers add to a listing (v, ns,
// storageEngine.enableOrderedIndex, a collation's version) and without defaults; numbers that are whole as
// integers.
OwnedDocument index_to_create(const OwnedDocument& specification);

// An index as it is compared: also without the versions of 2dsphere and text indexes. Two listings of one
// index give the same bytes.
OwnedDocument normalised_index(const OwnedDocument& specification);

// The same for the options of a collection or view, also as a `create` event tells them (idIndex).
OwnedDocument normalised_options(const OwnedDocument& options);

struct UnsupportedOption {
  Namespace ns;
  std::string what;     // `capped`, `index a_1: collation`
  std::string why;      // for people
  bool refused = true;  // false: the target accepts it and drops it silently
};

// `db.c: capped: why`
std::string describe(const UnsupportedOption& option);

// What of a collection `target` cannot take; `indexes` as listed by the source, without the one of _id.
std::vector<UnsupportedOption> unsupported_options(const PlannedCollection& collection,
                                                   const std::vector<OwnedDocument>& indexes,
                                                   const ServerInfo& target);

// Lines for people: options that a target has as the source has them, and whose effect the order of copies
// and writes can still change.
std::vector<std::string> kept_in_part(const PlannedCollection& collection, const ServerInfo& target);

// What is left for `target`, where the operator wants to go on without the rest. Normalised.
OwnedDocument supported_options(const OwnedDocument& options, const ServerInfo& target);
// As they are sent. An index that loses an option stays; one that the target has no kind for does not, nor a
// second text index and those above the limit.
std::vector<OwnedDocument> supported_indexes(const std::vector<OwnedDocument>& indexes,
                                             const ServerInfo& target);

// The one of `listed` that has the name of `index`, or none.
const OwnedDocument* index_of_same_name(const std::vector<OwnedDocument>& listed, const OwnedDocument& index);

}  // namespace ddsync::mongo
