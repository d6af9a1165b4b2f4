// The files of a spool, apart from what RocksDB does with them. Internal to state/.
#pragma once

#include <string>

#include "state/file_system.h"

namespace ddsync::state {

// Makes the folder; completes a removal that a crash cut off; refuses files of a store whose head is missing,
// which RocksDB would take for a new one and empty.
Result<void> prepare_spool_folder(const std::string& folder);

// Deletes the files of the spool and nothing else.
Result<void> remove_spool_files(const std::string& folder);

}  // namespace ddsync::state
