#include "state/spool_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/table.h>

#include <memory>

namespace ddsync::state {
namespace {

// No LOG file: it would hold names of collections, grows with every start, and what matters comes back as a
// status anyway.
class NoLog final : public rocksdb::Logger {
 public:
  NoLog() : rocksdb::Logger(rocksdb::InfoLogLevel::FATAL_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

void bound_memory(rocksdb::Options& options) {
  options.write_buffer_size = kWriteBufferBytes;
  options.max_write_buffer_number = kWriteBuffers;
  options.max_write_buffer_size_to_maintain = 0;
  options.max_write_batch_group_size_bytes = kWriteGroupBytes;
  options.max_open_files = kOpenFilesMax;
  options.max_background_jobs = kBackgroundThreads;
  options.max_subcompactions = 1;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kReadCacheBytes, 0);
  table.cache_index_and_filter_blocks = true;  // inside the bound, too
  table.checksum = rocksdb::kXXH3;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
}

void keep_values_out_of_the_tree(rocksdb::Options& options) {
  options.enable_blob_files = true;
  options.min_blob_size = 0;
  // Off: it would move what is live in the oldest files with every compaction, which in a FIFO is the next to
  // be removed. The trimmer asks for it where a slow stream holds the space of the others.
  options.enable_blob_garbage_collection = false;
  // LZ4 takes 1.0 to 1.7 ms a MB for a factor of 1.1 to 2 (events of 900 bytes), and would spare only the
  // second of the two times that a value is written; the log is not compressed.
  options.blob_compression_type = rocksdb::kNoCompression;
  options.compression = rocksdb::kNoCompression;
  options.level_compaction_dynamic_level_bytes = true;  // a small tree has one level below the flushed files
  options.target_file_size_base = 2 << 20;              // a trimmed range reaches into few files
  options.max_bytes_for_level_base = 64 << 20;
}

}  // namespace

rocksdb::Options spool_options(rocksdb::Env& environment) {
  rocksdb::Options options;
  options.env = &environment;
  options.create_if_missing = true;
  // An incomplete last record is what kill -9 leaves; it was never acknowledged. Any other damage is refused
  // here, and only spool_wal.h may find it harmless.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.avoid_flush_during_shutdown = true;  // all that must be durable is so in the log
  options.info_log = std::make_shared<NoLog>();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
  bound_memory(options);
  keep_values_out_of_the_tree(options);
  return options;
}

}  // namespace ddsync::state
