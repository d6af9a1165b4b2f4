#include "state/spool_environment.h"

#include <rocksdb/file_system.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "state/descriptor.h"

namespace ddsync::state {
namespace {

class OwnerOnlyFiles final : public rocksdb::FileSystemWrapper {
 public:
  OwnerOnlyFiles() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  const char* Name() const override { return "OwnerOnlyFiles"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    auto status = target()->NewWritableFile(name, options, file, context);
    return status.ok() ? restrict_to_owner(name) : status;
  }

  rocksdb::IOStatus LockFile(const std::string& name, const rocksdb::IOOptions& options,
                             rocksdb::FileLock** lock, rocksdb::IODebugContext* context) override {
    auto status = target()->LockFile(name, options, lock, context);
    return status.ok() ? restrict_to_owner(name) : status;
  }

 private:
  static rocksdb::IOStatus restrict_to_owner(const std::string& name) {
    // Some file systems have no modes; the folder's is what protects.
    if (::chmod(name.c_str(), kFileMode) == 0 || errno == EPERM || errno == ENOTSUP)
      return rocksdb::IOStatus::OK();
    return rocksdb::IOStatus::IOError("chmod " + name);
  }
};

}  // namespace

std::unique_ptr<rocksdb::Env> owner_only_environment() {
  return rocksdb::NewCompositeEnv(std::make_shared<OwnerOnlyFiles>());
}

}  // namespace ddsync::state
