// RocksDB's access to the disk, with files that only their owner may read (0600). Its own switch for that
// reaches nothing in 7.8, and umask is of the whole process. Internal to state/.
#pragma once

#include <rocksdb/env.h>

#include <memory>

namespace ddsync::state {

std::unique_ptr<rocksdb::Env> owner_only_environment();

}  // namespace ddsync::state
