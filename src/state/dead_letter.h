// The dead-letter file: JSON Lines of Extended JSON, one refused event a line:
// {"time":"2026-...Z","namespace":"db.coll","stream":"db.coll","error":{"code":..,"name":"..","message":".."},"event":{...}}
// An event that Extended JSON cannot carry unchanged has its bytes in "event_base64" instead.
// Thread-safety: one thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/output.h"
#include "state/file_system.h"

namespace ddsync::state {

class DeadLetterFile {
 public:
  DeadLetterFile(FileSystem& files, std::string path);
  // All records or none count as stored; fsynced (and the folder, when the file is new) on return. After a
  // crash or an error the last line may be torn: the next append ends it, a reader skips it.
  Result<void> append(const std::vector<output::QuarantineRecord>& records, std::string_view time_iso8601);
  const std::string& path() const { return path_; }

 private:
  FileSystem& files_;
  std::string path_;
  bool folder_synced_ = false;
  bool ends_with_newline_ = false;  // known to, or the file is empty
};

}  // namespace ddsync::state
