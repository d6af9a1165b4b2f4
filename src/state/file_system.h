// The one seam for all file I/O of the state: the real one (POSIX) and the simulator's (lost unsynced writes,
// torn files, full disk). Thread-safety: one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "engine/error.h"

namespace ddsync::state {

template <typename T>
using Result = tl::expected<T, Error>;  // Error::code is kErrorLocalDisk, the message names file and cause

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // The whole file; nothing when it does not exist.
  virtual Result<std::optional<std::string>> read(const std::string& path) = 0;
  // Creates or replaces (mode 0600) and writes all; nothing of it is durable before sync(path). After an
  // error the file is gone: for temporary files only.
  virtual Result<void> write(const std::string& path, std::string_view content) = 0;
  // fsyncs the file, to be called right after its write(). After an error nobody knows what the disk holds:
  // the file is to be written again, never synced again.
  virtual Result<void> sync(const std::string& path) = 0;
  // write() and sync().
  Result<void> write_synced(const std::string& path, std::string_view content);
  // Appends to (or creates, 0600) the file and fsyncs it. After an error the file has its former length again
  // if that could be done, else it may end in a part of `content`.
  virtual Result<void> append_synced(const std::string& path, std::string_view content) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  // `to` becomes another name for (or a synced copy of) `from`, replacing what it was in one step. A missing
  // `from` is an error.
  virtual Result<void> link_or_copy(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;  // missing = fine
  virtual Result<void> sync_folder(const std::string& folder) = 0;
  virtual Result<void> make_folder(const std::string& folder) = 0;  // 0700, parents too; there already = fine

  // The last byte of the file; nothing when it does not exist or is empty.
  virtual Result<std::optional<char>> last_byte(const std::string& path);
};

std::unique_ptr<FileSystem> posix_file_system();

// The folder that `path` lies in, "." when it names none.
std::string folder_of(const std::string& path);

}  // namespace ddsync::state
