// Commands that make and change collections and indexes. Each may be repeated: what is done already is done.
// Internal to mongo/.
#pragma once

#include <optional>
#include <vector>

#include "bson/owned.h"
#include "mongo/connection.h"

namespace ddsync::mongo {

// `options` as listed or as an event tells them; sent normalised. A collection that is there with the same
// options is success, with others 48.
std::optional<Error> create_collection(Connection& connection, const Namespace& ns,
                                       const OwnedDocument& options);

// All in one command (each costs DocumentDB at least 2 s). None given: nothing to do. Takes as long as the
// build: longer than the socket timeout it is a network error, and a repetition waits for the build under
// way.
std::optional<Error> create_indexes(Connection& connection, const Namespace& ns,
                                    const std::vector<OwnedDocument>& specifications);

// By name; an index or a collection that is not there is success.
std::optional<Error> drop_indexes(Connection& connection, const Namespace& ns,
                                  const std::vector<OwnedDocument>& specifications);

// `changes`: the fields of collMod. A collection that is not there (any more) is success, and so is an index
// that is not there (yet): it is built as the source has it.
std::optional<Error> coll_mod(Connection& connection, const Namespace& ns, const OwnedDocument& changes);

// The documents of the array `indexes` of a change's arguments.
std::vector<OwnedDocument> indexes_of(const OwnedDocument& arguments);

}  // namespace ddsync::mongo
