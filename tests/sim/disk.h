// A disk that forgets: what was not made durable is lost, kept or torn at a crash. The real checkpoint and
// dead-letter code runs on it.
//
// A file's content is durable when it was synced, its name (created, renamed, removed) only when the folder
// was. At a crash a prefix of the changes of names survives, as on a journalling file system, and of a file
// that was not synced nothing, all or a part.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/random.h"
#include "state/file_system.h"

namespace ddsync::sim {

// Thrown in the middle of a file operation: the process dies here.
struct Killed {};

class Disk : public state::FileSystem {
 public:
  explicit Disk(Random& random) : random_(random) {}

  // Chance in permille that an operation fails (full, I/O error); 0 = a healthy disk.
  void fail(uint32_t permille) { fail_permille_ = permille; }
  // Chance in permille that a read fails.
  void fail_reads(uint32_t permille) { fail_reads_permille_ = permille; }
  // No space: nothing can be written, until there is again.
  void full(bool full) { full_ = full; }
  // The process dies in the n-th operation from now; 0 = not.
  void kill_in(uint32_t operations) { kill_in_ = operations; }
  // What a crash leaves.
  void crash();

  state::Result<std::optional<std::string>> read(const std::string& path) override;
  state::Result<void> write(const std::string& path, std::string_view content) override;
  state::Result<void> sync(const std::string& path) override;
  state::Result<void> append_synced(const std::string& path, std::string_view content) override;
  state::Result<void> rename(const std::string& from, const std::string& to) override;
  state::Result<void> link_or_copy(const std::string& from, const std::string& to) override;
  state::Result<void> remove(const std::string& path) override;
  state::Result<void> sync_folder(const std::string& folder) override;
  state::Result<void> make_folder(const std::string& folder) override;

 private:
  struct File {
    std::string bytes;
    bool synced = false;
  };
  using Folder = std::map<std::string, std::shared_ptr<File>>;
  using NameChange = std::function<void(Folder&)>;

  bool fails(const std::string& what, state::Result<void>& result);
  bool has_no_space(const std::string& what, state::Result<void>& result);
  void die_if_due(const std::function<void()>& half_done);
  void change_names(NameChange change);
  void forget_unsynced(File& file);
  std::string part_of(std::string_view content);

  Random& random_;
  Folder present_;
  Folder durable_;
  std::vector<NameChange> unsynced_;
  uint32_t fail_permille_ = 0;
  uint32_t fail_reads_permille_ = 0;
  bool full_ = false;
  uint32_t kill_in_ = 0;
};

}  // namespace ddsync::sim
