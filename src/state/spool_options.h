// How RocksDB is set up for a FIFO: values are written once and read once, in order. Internal to state/.
//
// Values go to blob files at the flush, and no compaction ever moves them: the tree itself holds keys only,
// some 60 bytes an entry. A blob file goes when nothing refers to it any more.
#pragma once

#include <rocksdb/options.h>

#include <cstddef>
#include <cstdint>

namespace ddsync::state {

// Memory: two write buffers, the read cache of the keys, the blocks of open files, one copy of the entry that
// is being appended (a group of them up to kWriteGroupBytes).
inline constexpr size_t kWriteBufferBytes = 8 << 20;  // also the size of a blob file, the unit of giving back
inline constexpr int kWriteBuffers = 2;
inline constexpr size_t kReadCacheBytes = 2 << 20;
inline constexpr size_t kWriteGroupBytes = 4 << 20;
inline constexpr int kOpenFilesMax = 64;
inline constexpr int kBackgroundThreads = 2;  // one flushes, one compacts

// `environment` must outlive the store.
rocksdb::Options spool_options(rocksdb::Env& environment);

}  // namespace ddsync::state
