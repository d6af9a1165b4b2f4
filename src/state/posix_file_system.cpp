#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "state/descriptor.h"
#include "state/disk_error.h"
#include "state/file_system.h"

namespace ddsync::state {
namespace {

constexpr mode_t kFolderMode = 0700;

// Signals (SIGTERM, SIGUSR1) may interrupt, and a write may take only a part.
bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

bool sync_descriptor(int descriptor) {
  int result = 0;
  do {
    result = ::fsync(descriptor);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

int open_retrying(const std::string& path, int flags, mode_t mode = 0) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

bool links_are_unsupported(int error_number) {
  return error_number == EPERM || error_number == EOPNOTSUPP || error_number == ENOSYS ||
         error_number == EMLINK || error_number == EXDEV;
}

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::optional<std::string>> read(const std::string& path) override {
    const Descriptor file(open_retrying(path, O_RDONLY));
    if (!file.open() && errno == ENOENT) return std::nullopt;
    if (!file.open()) return io_error("open", path, errno);
    std::string content;
    std::array<char, 64 * 1024> chunk;
    while (true) {
      const ssize_t size = ::read(file.get(), chunk.data(), chunk.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return io_error("read", path, errno);
      if (size == 0) return content;
      content.append(chunk.data(), static_cast<size_t>(size));
    }
  }

  Result<void> write(const std::string& path, std::string_view content) override {
    // A new file rather than a truncated one: what lies there may be a hard link to something of worth.
    if (auto gone = remove(path); !gone) return gone;
    Descriptor file(open_retrying(path, O_WRONLY | O_CREAT | O_EXCL, kFileMode));
    if (!file.open()) return io_error("create", path, errno);
    if (!write_all(file.get(), content)) {
      const int cause = errno;
      ::unlink(path.c_str());
      return io_error("write", path, cause);
    }
    written_.emplace(std::move(file));
    written_path_ = path;
    return {};
  }

  Result<void> sync(const std::string& path) override {
    // The descriptor of the write: one opened later need not be told of an error in between.
    Descriptor file =
        written_ && written_path_ == path ? *std::move(written_) : Descriptor(open_retrying(path, O_RDONLY));
    written_.reset();
    if (!file.open()) return io_error("open", path, errno);
    if (sync_descriptor(file.get()) && file.close()) return {};
    // The kernel may have dropped the pages: the file is given up.
    const int cause = errno;
    ::unlink(path.c_str());
    return io_error("sync", path, cause);
  }

  Result<void> append_synced(const std::string& path, std::string_view content) override {
    Descriptor file(open_retrying(path, O_WRONLY | O_APPEND | O_CREAT, kFileMode));
    if (!file.open()) return io_error("open", path, errno);
    const off_t size_before = ::lseek(file.get(), 0, SEEK_END);
    if (size_before < 0) return io_error("append to", path, errno);
    if (write_all(file.get(), content) && sync_descriptor(file.get())) return {};
    const int cause = errno;
    // Best effort: the error is reported either way, and a torn line is closed by the next append.
    if (::ftruncate(file.get(), size_before) == 0) sync_descriptor(file.get());
    return io_error("append to", path, cause);
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return io_error("rename " + from + " to", to, errno);
  }

  Result<void> link_or_copy(const std::string& from, const std::string& to) override {
    const std::string fresh = to + ".new";
    if (auto gone = remove(fresh); !gone) return gone;
    if (::link(from.c_str(), fresh.c_str()) != 0) {
      if (!links_are_unsupported(errno)) return io_error("link " + from + " to", fresh, errno);
      if (auto copied = copy(from, fresh); !copied) return copied;
    }
    auto renamed = rename(fresh, to);
    // rename() does nothing when both are links to one file already (a crash came before the last step).
    auto gone = remove(fresh);
    return renamed ? gone : renamed;
  }

  Result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return io_error("remove", path, errno);
  }

  Result<void> sync_folder(const std::string& folder) override {
    const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.open()) return io_error("open the folder", folder, errno);
    // EINVAL: a (network) file system that has no such thing; there is nothing more to be done.
    if (sync_descriptor(opened.get()) || errno == EINVAL) return {};
    return io_error("sync the folder", folder, errno);
  }

  Result<void> make_folder(const std::string& folder) override {
    if (::mkdir(folder.c_str(), kFolderMode) == 0 || errno == EEXIST) return check_folder(folder);
    if (errno != ENOENT) return io_error("create the folder", folder, errno);
    const std::string parent = folder_of(folder);
    if (parent == folder) return io_error("create the folder", folder, ENOENT);
    if (auto made = make_folder(parent); !made) return made;
    if (::mkdir(folder.c_str(), kFolderMode) == 0 || errno == EEXIST) return check_folder(folder);
    return io_error("create the folder", folder, errno);
  }

  Result<std::optional<char>> last_byte(const std::string& path) override {
    const Descriptor file(open_retrying(path, O_RDONLY));
    if (!file.open() && errno == ENOENT) return std::nullopt;
    if (!file.open()) return io_error("open", path, errno);
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    if (size < 0) return io_error("read", path, errno);
    if (size == 0) return std::nullopt;
    char last = 0;
    if (::pread(file.get(), &last, 1, size - 1) != 1) return io_error("read", path, errno);
    return last;
  }

 private:
  Result<void> copy(const std::string& from, const std::string& to) {
    auto content = read(from);
    if (!content) return tl::unexpected(content.error());
    if (!*content) return io_error("copy", from, ENOENT);
    return write_synced(to, **content);
  }

  static Result<void> check_folder(const std::string& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) return io_error("open the folder", folder, errno);
    if (!S_ISDIR(status.st_mode)) return io_error("use as a folder", folder, ENOTDIR);
    return {};
  }

  std::optional<Descriptor> written_;  // of the last write(), until it is synced
  std::string written_path_;
};

}  // namespace

Result<std::optional<char>> FileSystem::last_byte(const std::string& path) {
  auto content = read(path);
  if (!content) return tl::unexpected(content.error());
  if (!*content || (*content)->empty()) return std::nullopt;
  return (*content)->back();
}

Result<void> FileSystem::write_synced(const std::string& path, std::string_view content) {
  if (auto written = write(path, content); !written) return written;
  return sync(path);
}

std::unique_ptr<FileSystem> posix_file_system() { return std::make_unique<PosixFileSystem>(); }

std::string folder_of(const std::string& path) {
  const auto end = path.find_last_not_of('/');
  if (end == std::string::npos) return path.empty() ? "." : "/";
  const auto slash = path.rfind('/', end);
  if (slash == std::string::npos) return ".";
  const auto folder_end = path.find_last_not_of('/', slash);
  return folder_end == std::string::npos ? "/" : path.substr(0, folder_end + 1);
}

}  // namespace ddsync::state
