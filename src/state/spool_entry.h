// Keys and values of the spool's store, as bytes. Pure. Format: docs/state-file.md, "The spool".
//
// Keys sort by stream, then by sequence, so that a range of keys is one stream in its order. A value carries
// a checksum of its own, over key and value: one that comes back under another key, or changed, is not taken.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/batch.h"
#include "engine/position.h"

namespace ddsync::state {

struct EntryKey {
  std::string scope;
  uint64_t sequence = 0;
  friend bool operator==(const EntryKey&, const EntryKey&) = default;
};

inline constexpr size_t kScopeBytesMax = 0xffff;  // its length has two bytes; names of servers end far below
inline constexpr std::string_view kIdentityKey = "\x01identity";
inline constexpr std::string_view kFirstEntryKey = "\x02";     // not behind any entry
inline constexpr std::string_view kBehindEntriesKey = "\x03";  // behind all entries

std::string encode_key(std::string_view scope, uint64_t sequence);
std::optional<EntryKey> decode_key(std::string_view key);

// format 1, position kind 1, bytes before 8, operation time 8, three sizes of 4
inline constexpr size_t kEntryHeadBytes = 30;

// The value in the parts that it is to be stored as, one behind the other: nothing of the batch is copied.
struct EncodedEntry {
  std::array<char, kEntryHeadBytes> head;
  std::array<std::string_view, 3> rest;  // token of the position, post-batch token, events
  uint64_t bytes() const;                // of the whole value
};

// `bytes_before`: of all entries that the stream ever had before this one;
// the difference of two entries is what lies between them, without reading that.
EncodedEntry encode_entry(const RawBatch& batch, const StreamPosition& after, uint64_t bytes_before);

// Views into `value`, but for the position.
struct DecodedEntry {
  DocumentView events;
  DocumentView post_batch_token;
  StreamPosition after;
  uint64_t bytes_before = 0;
};

// Nothing when the value is not an entry, or of a format that is not known.
std::optional<DecodedEntry> decode_entry(std::string_view value);

}  // namespace ddsync::state
