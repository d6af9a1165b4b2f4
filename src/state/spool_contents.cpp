#include "state/spool_contents.h"

#include <fmt/format.h>
#include <rocksdb/metadata.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "state/disk_error.h"
#include "state/spool_entry.h"

namespace ddsync::state {
namespace {

constexpr std::string_view kFormat = "1";  // rises with every change that an older program would misread

std::string identity_text(const StateIdentity& identity) {
  return fmt::format("{}\n{}\n{}\n", kFormat, identity.source, identity.target);
}

std::string_view as_view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

rocksdb::ReadOptions between(const rocksdb::Slice& lower, const rocksdb::Slice& upper) {
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower;
  options.iterate_upper_bound = &upper;
  return options;
}

using Iterator = std::unique_ptr<rocksdb::Iterator>;

struct FoundEntry {
  EntryKey key;
  DecodedEntry entry;
  uint64_t bytes = 0;
};

// The entry where the iterator stands.
std::optional<FoundEntry> entry_at(const rocksdb::Iterator& iterator) {
  auto key = decode_key(as_view(iterator.key()));
  auto entry = decode_entry(as_view(iterator.value()));
  if (!key || !entry) return std::nullopt;
  return FoundEntry{std::move(*key), std::move(*entry), iterator.value().size()};
}

tl::unexpected<Error> damaged_entry(const std::string& folder, const rocksdb::Iterator& iterator) {
  const auto key = decode_key(as_view(iterator.key()));
  return damaged_spool(
      folder, key ? fmt::format("entry {} of stream {} is not what was written", key->sequence, key->scope)
                  : "it has an entry that is of no stream");
}

// The stream whose first entry the iterator stands at; moves on to the first entry of the next stream.
Result<FoundStream> take_stream(rocksdb::Iterator& iterator, const std::string& folder) {
  const auto first = entry_at(iterator);
  if (!first) return damaged_entry(folder, iterator);
  const uint64_t bytes_before = first->entry.bytes_before;
  iterator.SeekForPrev(encode_key(first->key.scope, UINT64_MAX));
  if (!iterator.Valid()) return spool_error("read", folder, iterator.status());
  auto last = entry_at(iterator);
  if (!last || last->key.scope != first->key.scope) return damaged_entry(folder, iterator);
  FoundStream found{{last->key.scope, first->key.sequence, last->key.sequence + 1, 0, last->entry.after},
                    last->entry.bytes_before + last->bytes};
  found.stream.bytes = found.bytes_ever - bytes_before;
  iterator.Next();
  return found;
}

Result<void> compare_identity(const SpoolDatabase& database, std::string_view stored,
                              const std::string& wanted) {
  if (stored == wanted) return {};
  std::string shown(stored.substr(0, stored.find_last_not_of('\n') + 1));
  for (char& c : shown) {
    if (c == '\n') c = ' ';
  }
  return fatal_error(
      kForeignState,
      fmt::format(
          "the spool in {0} is of another pair or another format: format, source and target are '{1}'. "
          "Use the configuration that it belongs to, or another state.directory; --reset deletes it",
          database.folder(), shown));
}

Result<bool> has_entries(const SpoolDatabase& database) {
  bool found = false;
  const rocksdb::Slice lower = as_slice(kFirstEntryKey);
  const rocksdb::Slice upper = as_slice(kBehindEntriesKey);
  auto looked = database.use(
      [&](rocksdb::DB& store) {
        const Iterator iterator(store.NewIterator(between(lower, upper)));
        iterator->SeekToFirst();
        found = iterator->Valid();
        return iterator->status();
      },
      "read");
  if (!looked) return tl::unexpected(looked.error());
  return found;
}

Result<void> check_file(const std::string& folder, const std::string& name, uint64_t size) {
  std::error_code error;
  const auto present = std::filesystem::file_size(folder + "/" + name, error);
  if (error == std::errc::no_such_file_or_directory)
    return damaged_spool(folder, fmt::format("its file {} is missing", name));
  if (error) return io_error("open", folder + "/" + name, error.value());
  // RocksDB leaves the head and the foot of a blob file out of what it calls its size.
  if (present >= size) return {};
  return damaged_spool(folder, fmt::format("its file {} has {} of {} bytes", name, present, size));
}

}  // namespace

Result<void> check_identity(SpoolDatabase& database, const StateIdentity& identity) {
  const std::string wanted = identity_text(identity);
  rocksdb::PinnableSlice stored;
  auto found = database.read(kIdentityKey, stored);
  if (!found) return tl::unexpected(found.error());
  if (*found) return compare_identity(database, as_view(stored), wanted);
  auto used = has_entries(database);
  if (!used) return tl::unexpected(used.error());
  if (*used) return damaged_spool(database.folder(), "it does not say whose it is");
  rocksdb::WriteBatch batch;
  batch.Put(as_slice(kIdentityKey), wanted);
  if (auto written = database.write(batch); !written) return written;
  // Into a file of its own: with the first entries it would hold theirs for ever.
  return database.use([](rocksdb::DB& store) { return store.Flush(rocksdb::FlushOptions()); }, "write");
}

Result<void> check_files(const SpoolDatabase& database) {
  rocksdb::ColumnFamilyMetaData files;
  auto listed = database.use(
      [&](rocksdb::DB& store) {
        store.GetColumnFamilyMetaData(&files);
        return rocksdb::Status::OK();
      },
      "read");
  if (!listed) return listed;
  for (const auto& file : files.blob_files) {
    auto checked = check_file(database.folder(), file.blob_file_name, file.blob_file_size);
    if (!checked) return checked;
  }
  return {};
}

Result<std::vector<FoundStream>> find_streams(const SpoolDatabase& database) {
  std::vector<FoundStream> streams;
  std::optional<Error> error;
  const rocksdb::Slice lower = as_slice(kFirstEntryKey);
  const rocksdb::Slice upper = as_slice(kBehindEntriesKey);
  auto read = database.use(
      [&](rocksdb::DB& store) {
        const Iterator iterator(store.NewIterator(between(lower, upper)));
        iterator->SeekToFirst();
        while (iterator->Valid()) {
          auto stream = take_stream(*iterator, database.folder());
          if (!stream) {
            error = std::move(stream.error());
            break;
          }
          streams.push_back(std::move(*stream));
        }
        return iterator->status();
      },
      "read");
  if (!read) return tl::unexpected(read.error());
  if (error) return tl::unexpected(std::move(*error));
  return streams;
}

}  // namespace ddsync::state
