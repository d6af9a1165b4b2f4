// What lies behind a damage in RocksDB's write-ahead log. Format of that log, stable since LevelDB: blocks of
// 32 KiB with fragments of records, each fragment with its own CRC-32C (rocksdb/db/log_format.h).
//
// Needed because no recovery mode of RocksDB does what the spool promises. A crash may leave the last record
// with holes where pages did not reach the disk: kTolerateCorruptedTailRecords refuses that. A damage before
// acknowledged records must be refused: kPointInTimeRecovery drops them without a word. The spool fsyncs
// every record that it writes before it begins the next one, so a damage that no begin of a record follows
// lies in what was never acknowledged (or in the very last record, which nothing can tell apart).
#pragma once

#include <string>
#include <string_view>

#include "state/file_system.h"

namespace ddsync::state {

struct WalCondition {
  bool has_record = false;  // a whole begin of a record, anywhere
  bool damaged = false;
  bool record_behind_damage = false;
};

// Pure. `log`: the whole content of one file.
WalCondition inspect_wal(std::string_view log);

// The log in `folder` is damaged, and only where a crash may leave it so: nothing that was acknowledged lies
// behind the damage, neither in that file nor in a later one.
Result<bool> torn_only_at_its_end(const std::string& folder);

}  // namespace ddsync::state
