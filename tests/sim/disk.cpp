#include "sim/disk.h"

#include <utility>

namespace ddsync::sim {
namespace {

Error disk_error(const std::string& what, const std::string& why = "no space left on device") {
  Error error;
  error.code = kErrorLocalDisk;
  error.message = what + ": " + why + " (simulated)";
  error.treatment = Treatment::retry;
  return error;
}

}  // namespace

bool Disk::fails(const std::string& what, state::Result<void>& result) {
  if (!random_.permille(fail_permille_)) return false;
  result = tl::unexpected(disk_error(what));
  return true;
}

bool Disk::has_no_space(const std::string& what, state::Result<void>& result) {
  if (!full_) return fails(what, result);
  result = tl::unexpected(disk_error(what));
  return true;
}

void Disk::die_if_due(const std::function<void()>& half_done) {
  if (kill_in_ == 0 || --kill_in_ > 0) return;
  half_done();
  throw Killed{};
}

std::string Disk::part_of(std::string_view content) {
  return std::string(content.substr(0, random_.below(content.size() + 1)));
}

void Disk::change_names(NameChange change) {
  change(present_);
  unsynced_.push_back(std::move(change));
}

void Disk::crash() {
  const uint64_t survive = random_.below(unsynced_.size() + 1);
  for (uint64_t i = 0; i < survive; ++i) unsynced_[i](durable_);
  unsynced_.clear();
  for (auto& [name, file] : durable_) forget_unsynced(*file);
  present_ = durable_;
  kill_in_ = 0;
}

void Disk::forget_unsynced(File& file) {
  if (file.synced) return;
  if (random_.percent(30)) {
    file.bytes.clear();
  } else if (random_.percent(50)) {
    file.bytes = part_of(file.bytes);
  }
  file.synced = true;
}

state::Result<std::optional<std::string>> Disk::read(const std::string& path) {
  if (fail_reads_permille_ > 0 && random_.permille(fail_reads_permille_))
    return tl::unexpected(disk_error("read " + path, "input/output error"));
  const auto found = present_.find(path);
  if (found == present_.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second->bytes);
}

state::Result<void> Disk::write(const std::string& path, std::string_view content) {
  const auto write = [&](std::string bytes) {
    auto file = std::make_shared<File>(File{std::move(bytes)});
    change_names([path, file](Folder& folder) { folder[path] = file; });
  };
  die_if_due([&] { write(part_of(content)); });
  if (state::Result<void> result; has_no_space("write " + path, result)) {
    change_names([path](Folder& folder) { folder.erase(path); });
    return result;
  }
  write(std::string(content));
  return {};
}

state::Result<void> Disk::sync(const std::string& path) {
  const auto found = present_.find(path);
  if (found == present_.end()) return tl::unexpected(disk_error("sync of a missing " + path));
  die_if_due([&] { found->second->synced = random_.percent(50); });
  if (state::Result<void> result; fails("sync " + path, result)) {
    change_names([path](Folder& folder) { folder.erase(path); });
    return result;
  }
  found->second->synced = true;
  return {};
}

state::Result<void> Disk::append_synced(const std::string& path, std::string_view content) {
  const auto append = [&](const std::string& bytes) {
    const auto found = present_.find(path);
    if (found != present_.end()) {
      found->second->bytes.append(bytes);
      return;
    }
    auto file = std::make_shared<File>(File{bytes, true});
    change_names([path, file](Folder& folder) { folder[path] = file; });
  };
  die_if_due([&] { append(part_of(content)); });
  if (state::Result<void> result; has_no_space("append " + path, result)) {
    if (random_.percent(30)) append(part_of(content));
    return result;
  }
  append(std::string(content));
  return {};
}

state::Result<void> Disk::rename(const std::string& from, const std::string& to) {
  die_if_due([] {});
  if (state::Result<void> result; fails("rename " + from, result)) return result;
  if (present_.count(from) == 0) return tl::unexpected(disk_error("rename of a missing " + from));
  change_names([from, to](Folder& folder) {
    folder[to] = folder[from];
    folder.erase(from);
  });
  return {};
}

state::Result<void> Disk::link_or_copy(const std::string& from, const std::string& to) {
  die_if_due([] {});
  if (state::Result<void> result; fails("link " + from, result)) return result;
  if (present_.count(from) == 0) return tl::unexpected(disk_error("link of a missing " + from));
  change_names([from, to](Folder& folder) { folder[to] = folder[from]; });
  return {};
}

state::Result<void> Disk::remove(const std::string& path) {
  die_if_due([] {});
  if (state::Result<void> result; fails("remove " + path, result)) return result;
  if (present_.count(path) > 0) change_names([path](Folder& folder) { folder.erase(path); });
  return {};
}

state::Result<void> Disk::sync_folder(const std::string& /*folder*/) {
  die_if_due([&] {
    if (random_.percent(50)) durable_ = present_, unsynced_.clear();
  });
  if (state::Result<void> result; fails("sync of the folder", result)) return result;
  durable_ = present_;
  unsynced_.clear();
  return {};
}

state::Result<void> Disk::make_folder(const std::string& /*folder*/) { return {}; }

}  // namespace ddsync::sim
