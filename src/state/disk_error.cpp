#include "state/disk_error.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace ddsync::state {
namespace {

std::string_view advice(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "; free space on that volume";
    case EFBIG:
      return "; raise the limit of this process on the size of files (ulimit -f)";
    case EACCES:
    case EPERM:
      return "; let the user of this process read and write the file and its folder, or set state.directory";
    case EROFS:
      return "; the volume is mounted read-only: set state.directory to a writable one";
    case ELOOP:
      return "; it is a symbolic link, which is not followed: put the file itself there";
    case ENOTDIR:
      return "; a file lies where a folder must be: move it away or set state.directory";
    case ENOENT:
      return "; its folder is not there: create it or set state.directory";
    default:
      return "";
  }
}

}  // namespace

tl::unexpected<Error> io_error(std::string_view action, const std::string& path, int error_number) {
  Error error;
  error.code = kErrorLocalDisk;
  error.code_name = "LocalDisk";
  error.treatment = Treatment::retry;
  error.message = fmt::format("cannot {} {}: {}{}", action, path,
                              std::generic_category().message(error_number), advice(error_number));
  return tl::unexpected(std::move(error));
}

tl::unexpected<Error> fatal_error(std::string_view code_name, std::string message) {
  Error error;
  error.code = kErrorLocalDisk;
  error.code_name = code_name;
  error.treatment = Treatment::fatal;
  error.message = std::move(message);
  return tl::unexpected(std::move(error));
}

}  // namespace ddsync::state
