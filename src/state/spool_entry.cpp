#include "state/spool_entry.h"

#include <concepts>

namespace ddsync::state {
namespace {

constexpr char kEntryTag = '\x02';
constexpr size_t kSequenceBytes = 8;
constexpr size_t kKeyBytesMin = 1 + 2 + kSequenceBytes;
constexpr uint8_t kEntryFormat = 1;

uint8_t byte_of(char c) { return static_cast<uint8_t>(c); }

template <std::unsigned_integral T>
void append_big_endian(std::string& out, T number) {
  for (size_t shift = sizeof(T) * 8; shift > 0; shift -= 8)
    out.push_back(static_cast<char>(number >> (shift - 8) & 0xff));
}

template <std::unsigned_integral T>
T read_big_endian(std::string_view bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof(T); ++i) number = number << 8 | byte_of(bytes[i]);
  return static_cast<T>(number);
}

// Little-endian numbers, one behind the other. The caller knows that they fit.
class Writer {
 public:
  explicit Writer(char* at) : at_(at) {}
  template <std::unsigned_integral T>
  void put(T number) {
    for (size_t i = 0; i < sizeof(T); ++i) *at_++ = static_cast<char>(uint64_t{number} >> 8 * i & 0xff);
  }

 private:
  char* at_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : at_(bytes.begin()) {}
  template <std::unsigned_integral T>
  T get() {
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof(T); ++i) number |= uint64_t{byte_of(*at_++)} << 8 * i;
    return static_cast<T>(number);
  }

 private:
  const char* at_;
};

std::string_view as_text(DocumentView view) { return {reinterpret_cast<const char*>(view.data), view.size}; }

DocumentView as_document(std::string_view text) {
  if (text.empty()) return {};
  return {reinterpret_cast<const uint8_t*>(text.data()), static_cast<uint32_t>(text.size())};
}

}  // namespace

std::string encode_key(std::string_view scope, uint64_t sequence) {
  std::string key;
  key.reserve(kKeyBytesMin + scope.size());
  key.push_back(kEntryTag);
  append_big_endian(key, static_cast<uint16_t>(scope.size()));
  key.append(scope);
  append_big_endian(key, sequence);
  return key;
}

std::optional<EntryKey> decode_key(std::string_view key) {
  if (key.size() < kKeyBytesMin || key[0] != kEntryTag) return std::nullopt;
  const size_t scope_size = read_big_endian<uint16_t>(key.substr(1));
  if (key.size() != kKeyBytesMin + scope_size) return std::nullopt;
  return EntryKey{std::string(key.substr(3, scope_size)),
                  read_big_endian<uint64_t>(key.substr(3 + scope_size))};
}

uint64_t EncodedEntry::bytes() const {
  return head.size() + rest[0].size() + rest[1].size() + rest[2].size();
}

EncodedEntry encode_entry(const RawBatch& batch, const StreamPosition& after, uint64_t bytes_before) {
  EncodedEntry entry{{},
                     {as_text(after.token.view()), as_text(batch.post_batch_token), as_text(batch.events)}};
  Writer writer(entry.head.data());
  writer.put(kEntryFormat);
  writer.put(static_cast<uint8_t>(after.kind));
  writer.put(bytes_before);
  writer.put(after.operation_time);
  for (const std::string_view part : entry.rest) writer.put(static_cast<uint32_t>(part.size()));
  return entry;
}

std::optional<DecodedEntry> decode_entry(std::string_view value) {
  if (value.size() < kEntryHeadBytes) return std::nullopt;
  Reader reader(value);
  if (reader.get<uint8_t>() != kEntryFormat) return std::nullopt;
  const auto kind = reader.get<uint8_t>();
  if (kind > static_cast<uint8_t>(PositionKind::operation_time)) return std::nullopt;
  DecodedEntry entry;
  entry.after.kind = static_cast<PositionKind>(kind);
  entry.bytes_before = reader.get<uint64_t>();
  entry.after.operation_time = reader.get<uint64_t>();
  std::array<size_t, 3> sizes{};
  for (size_t& size : sizes) size = reader.get<uint32_t>();
  value.remove_prefix(kEntryHeadBytes);
  if (value.size() != sizes[0] + sizes[1] + sizes[2]) return std::nullopt;
  entry.after.token = ResumeToken(as_document(value.substr(0, sizes[0])));
  entry.post_batch_token = as_document(value.substr(sizes[0], sizes[1]));
  entry.events = as_document(value.substr(sizes[0] + sizes[1]));
  return entry;
}

}  // namespace ddsync::state
