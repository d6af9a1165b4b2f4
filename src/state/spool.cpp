#include "state/spool.h"

#include <fmt/format.h>
#include <rocksdb/slice.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <utility>

#include "state/disk_error.h"
#include "state/spool_contents.h"
#include "state/spool_database.h"
#include "state/spool_entry.h"
#include "state/spool_folder.h"
#include "state/spool_trimmer.h"

namespace ddsync::state {
namespace {

constexpr size_t kBatchHeadBytes = 64;  // RocksDB's own bytes around one key and value

// One value as the store handed it over.
class StoredValue final : public BatchStorage {
 public:
  rocksdb::PinnableSlice& slice() { return slice_; }
  std::string_view view() const { return {slice_.data(), slice_.size()}; }

 private:
  rocksdb::PinnableSlice slice_;
};

rocksdb::WriteBatch put(const std::string& key, const EncodedEntry& entry) {
  rocksdb::WriteBatch batch(entry.bytes() + key.size() + kBatchHeadBytes);
  const rocksdb::Slice key_part(key);
  const std::array<rocksdb::Slice, 4> parts{rocksdb::Slice(entry.head.data(), entry.head.size()),
                                            as_slice(entry.rest[0]), as_slice(entry.rest[1]),
                                            as_slice(entry.rest[2])};
  batch.Put(rocksdb::SliceParts(&key_part, 1), rocksdb::SliceParts(parts.data(), parts.size()));
  return batch;
}

// What is known of a stream without reading it.
struct Queue {
  uint64_t first = 0;
  uint64_t end = 0;
  uint64_t bytes_removed = 0;  // of entries before `first`, about
  uint64_t bytes_ever = 0;     // of entries before `end`
};

}  // namespace

struct Spool::Parts {
  explicit Parts(std::unique_ptr<SpoolDatabase> opened) : database(std::move(opened)), trimmer(*database) {}

  std::unique_ptr<SpoolDatabase> database;
  std::vector<SpooledStream> contents;
  std::mutex mutex;
  std::map<std::string, Queue> queues;  // under `mutex`
  SpoolTrimmer trimmer;                 // last: its thread ends before the rest goes
};

Spool::Spool(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Spool::~Spool() = default;

Result<std::unique_ptr<Spool>> Spool::open(const std::string& folder, const StateIdentity& identity) {
  if (auto prepared = prepare_spool_folder(folder); !prepared) return tl::unexpected(prepared.error());
  auto database = SpoolDatabase::open(folder);
  if (!database) return tl::unexpected(database.error());
  if (auto own = check_identity(**database, identity); !own) return tl::unexpected(own.error());
  if (auto whole = check_files(**database); !whole) return tl::unexpected(whole.error());
  auto streams = find_streams(**database);
  if (!streams) return tl::unexpected(streams.error());
  auto parts = std::make_unique<Parts>(std::move(*database));
  for (FoundStream& found : *streams) {
    const SpooledStream& stream = found.stream;
    parts->queues[stream.scope] = {stream.first, stream.end, found.bytes_ever - stream.bytes,
                                   found.bytes_ever};
    parts->contents.push_back(std::move(found.stream));
  }
  return std::unique_ptr<Spool>(new Spool(std::move(parts)));
}

const std::vector<SpooledStream>& Spool::contents() const { return parts_->contents; }

Result<void> Spool::append(const std::string& scope, uint64_t sequence, const RawBatch& batch,
                           const StreamPosition& after) {
  if (scope.size() > kScopeBytesMax) return fatal_error("InvalidSpool", "the name of a stream is too long");
  uint64_t bytes_before = 0;
  {
    const std::lock_guard lock(parts_->mutex);
    Queue& queue = parts_->queues.try_emplace(scope, Queue{sequence, sequence, 0, 0}).first->second;
    // The state may be ahead of a spool that was restored from a copy: nothing of that is needed any more.
    const bool may_begin_anew = queue.first == queue.end && sequence > queue.end;
    if (may_begin_anew) queue.first = queue.end = sequence;
    if (queue.end != sequence)
      return fatal_error("InvalidSpool",
                         fmt::format("entry {} of stream {} was to be appended where {} comes next", sequence,
                                     scope, queue.end));
    bytes_before = queue.bytes_ever;
  }
  const std::string key = encode_key(scope, sequence);
  const EncodedEntry entry = encode_entry(batch, after, bytes_before);
  rocksdb::WriteBatch writes = put(key, entry);
  if (auto written = parts_->database->write(writes); !written) {
    parts_->trimmer.hurry();
    return written;
  }
  const std::lock_guard lock(parts_->mutex);
  Queue& queue = parts_->queues[scope];
  queue.end = sequence + 1;
  queue.bytes_ever = bytes_before + entry.bytes();
  return {};
}

Result<Spool::Entry> Spool::read(const std::string& scope, uint64_t sequence) const {
  const std::string key = encode_key(scope, sequence);
  auto storage = std::make_unique<StoredValue>();
  auto found = parts_->database->read(key, storage->slice());
  if (!found) return tl::unexpected(found.error());
  const std::string& folder = parts_->database->folder();
  if (!*found) return damaged_spool(folder, fmt::format("entry {} of stream {} is missing", sequence, scope));
  auto decoded = decode_entry(storage->view());
  if (!decoded)
    return damaged_spool(folder,
                         fmt::format("entry {} of stream {} is not what was written", sequence, scope));
  Entry entry;
  entry.batch.events = decoded->events;
  entry.batch.post_batch_token = decoded->post_batch_token;
  entry.batch.bytes = static_cast<uint32_t>(storage->view().size());
  entry.batch.storage = std::move(storage);
  entry.after = std::move(decoded->after);
  return entry;
}

Result<void> Spool::remove_before(const std::string& scope, uint64_t sequence) {
  uint64_t bytes = 0;
  {
    const std::lock_guard lock(parts_->mutex);
    const auto found = parts_->queues.find(scope);
    if (found == parts_->queues.end()) return {};
    Queue& queue = found->second;
    const uint64_t first = std::min(sequence, queue.end);
    if (first <= queue.first) return {};
    // About: the mean of what is left, exact again when nothing is left.
    const uint64_t left = queue.bytes_ever - queue.bytes_removed;
    bytes = left / (queue.end - queue.first) * (first - queue.first);
    if (first == queue.end) bytes = left;
    queue.first = first;
    queue.bytes_removed += bytes;
  }
  parts_->trimmer.forget(scope, sequence, bytes);
  if (auto error = parts_->trimmer.take_error()) return tl::unexpected(std::move(*error));
  return {};
}

Result<void> Spool::remove(const std::string& folder) { return remove_spool_files(folder); }

}  // namespace ddsync::state
