// The schema change that an expanded event of MongoDB 6.0 and later tells of. Pure.
// Form: https://www.mongodb.com/docs/manual/reference/change-events/ (create, dropIndexes, modify); of views
// and time series as the server's source makes them from its system collections; secantusd 0.5.3 measured.
#pragma once

#include "engine/event.h"
#include "engine/schema_change.h"

namespace ddsync {

// A collection with nothing but its index of _id, as a first insert makes it.
bool is_plain(const SchemaChange& create);

// It has no change stream, so it is not carried over.
bool is_time_series(const Event& create);

// Of a create, dropIndexes or modify.
SchemaChange live_change(const Event& event);

// It changes documents, or what name they lie under.
bool changes_documents(SchemaChangeKind kind);

}  // namespace ddsync
