#include "state/spool_folder.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <vector>

#include "state/disk_error.h"
#include "state/spool.h"
#include "state/spool_database.h"
#include "state/spool_reserve.h"

namespace ddsync::state {
namespace {

// Lies there while the files are deleted: RocksDB's are of no use one without the other.
constexpr std::string_view kBeingRemoved = "being-removed";
constexpr std::string_view kHeadOfStore = "CURRENT";
constexpr std::array<std::string_view, 3> kDataEndings{".sst", ".blob", ".log"};
constexpr std::array<std::string_view, 7> kOtherBegins{"CURRENT",  "IDENTITY", "LOCK",      "MANIFEST-",
                                                       "OPTIONS-", "LOG",      kReserveName};

bool holds_data(std::string_view name) {
  return std::any_of(kDataEndings.begin(), kDataEndings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

bool belongs_to_spool(std::string_view name) {
  return holds_data(name) || name.ends_with(".dbtmp") ||
         std::any_of(kOtherBegins.begin(), kOtherBegins.end(),
                     [&](std::string_view begin) { return name.starts_with(begin); });
}

// Names of the files in it; none when the folder is missing.
Result<std::vector<std::string>> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error == std::errc::no_such_file_or_directory) return names;
  if (error) return io_error("list", folder, error.value());
  return names;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string path_in(const std::string& folder, std::string_view name) {
  return folder + "/" + std::string(name);
}

}  // namespace

Result<void> prepare_spool_folder(const std::string& folder) {
  const auto files = posix_file_system();
  if (auto made = files->make_folder(folder); !made) return made;
  if (auto synced = files->sync_folder(folder_of(folder)); !synced) return synced;
  auto names = names_in(folder);
  if (!names) return tl::unexpected(names.error());
  if (contains(*names, kBeingRemoved)) return remove_spool_files(folder);
  if (contains(*names, kHeadOfStore)) return {};
  const auto data = std::find_if(names->begin(), names->end(), holds_data);
  if (data == names->end()) return {};
  return damaged_spool(folder, "its file CURRENT is missing although " + *data + " is there");
}

Result<void> remove_spool_files(const std::string& folder) {
  auto names = names_in(folder);
  if (!names) return tl::unexpected(names.error());
  if (names->empty()) return {};
  const auto files = posix_file_system();
  const std::string mark = path_in(folder, kBeingRemoved);
  if (auto marked = files->write_synced(mark, ""); !marked) return marked;
  if (auto synced = files->sync_folder(folder); !synced) return synced;
  for (const std::string& name : *names) {
    if (!belongs_to_spool(name)) continue;
    if (auto removed = files->remove(path_in(folder, name)); !removed) return removed;
  }
  if (auto synced = files->sync_folder(folder); !synced) return synced;
  if (auto removed = files->remove(mark); !removed) return removed;
  return files->sync_folder(folder);
}

Result<uint64_t> free_disk_bytes(const std::string& folder) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  if (error) return io_error("see the free space of", folder, error.value());
  return space.available;
}

}  // namespace ddsync::state
