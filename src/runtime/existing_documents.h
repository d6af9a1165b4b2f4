// A start without state captures only changes made from now on: says how many documents the target
// lacks. By the estimated counts of both sides: documents are not compared.
#pragma once

#include "config/config.h"
#include "mongo/reader.h"

namespace ddsync::runtime {

// Logs one line a collection for the first ones and one sum for the rest. Bounded in time: what could not be
// counted soon is said to be uncounted. Never fails: a problem is a line in the log.
void log_existing_documents(mongo::Reader& source, mongo::Reader& target, const config::Config& config);

}  // namespace ddsync::runtime
