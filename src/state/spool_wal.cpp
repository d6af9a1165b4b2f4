#include "state/spool_wal.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "state/disk_error.h"

namespace ddsync::state {
namespace {

constexpr size_t kBlockBytes = 32 * 1024;
constexpr size_t kHeaderBytes = 7;  // CRC 4, length 2, type 1
constexpr uint8_t kTypeFull = 1;
constexpr uint8_t kTypeFirst = 2;
constexpr uint8_t kTypeLast = 4;
constexpr uint32_t kMaskDelta = 0xa282ead8;

constexpr std::array<uint32_t, 256> make_crc32c_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0);
    table[i] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrc32cTable = make_crc32c_table();

uint8_t byte_at(std::string_view bytes, size_t index) { return static_cast<uint8_t>(bytes[index]); }

uint32_t masked_crc32c(std::string_view bytes) {
  uint32_t crc = 0xffffffff;
  for (size_t i = 0; i < bytes.size(); ++i) crc = kCrc32cTable[(crc ^ byte_at(bytes, i)) & 0xff] ^ crc >> 8;
  crc = ~crc;
  return (crc >> 15 | crc << 17) + kMaskDelta;
}

uint32_t little_endian_32(std::string_view bytes) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number |= uint32_t{byte_at(bytes, i)} << 8 * i;
  return number;
}

struct Fragment {
  uint8_t type = 0;
  size_t bytes = 0;  // with its header
};

// The fragment at the begin of `rest`, the rest of a block; nothing when there is no whole one.
std::optional<Fragment> fragment_at(std::string_view rest) {
  if (rest.size() < kHeaderBytes) return std::nullopt;
  const size_t length = byte_at(rest, 4) | size_t{byte_at(rest, 5)} << 8;
  const uint8_t type = byte_at(rest, 6);
  if (type < kTypeFull || type > kTypeLast || kHeaderBytes + length > rest.size()) return std::nullopt;
  if (little_endian_32(rest) != masked_crc32c(rest.substr(kHeaderBytes - 1, length + 1))) return std::nullopt;
  return Fragment{type, kHeaderBytes + length};
}

bool begins_record(const Fragment& fragment) {
  return fragment.type == kTypeFull || fragment.type == kTypeFirst;
}

// Fragments of one block. Behind a damage the lengths cannot be relied on: every byte may begin the next one.
void inspect_block(std::string_view rest, WalCondition& condition) {
  while (rest.size() >= kHeaderBytes) {
    const auto fragment = fragment_at(rest);
    if (!fragment) {
      condition.damaged = true;
      rest.remove_prefix(1);
      continue;
    }
    if (begins_record(*fragment)) {
      condition.has_record = true;
      condition.record_behind_damage |= condition.damaged;
    }
    rest.remove_prefix(fragment->bytes);
  }
}

Result<std::vector<std::filesystem::path>> wal_files(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".log") files.push_back(entry->path());
  }
  if (error) return io_error("list", folder, error.value());
  std::sort(files.begin(), files.end());  // six digits or more, and none becomes longer for long
  return files;
}

}  // namespace

WalCondition inspect_wal(std::string_view log) {
  WalCondition condition;
  for (size_t begin = 0; begin < log.size(); begin += kBlockBytes)
    inspect_block(log.substr(begin, kBlockBytes), condition);
  return condition;
}

Result<bool> torn_only_at_its_end(const std::string& folder) {
  auto files = wal_files(folder);
  if (!files) return tl::unexpected(files.error());
  bool damaged = false;
  for (const auto& path : *files) {
    auto content = posix_file_system()->read(path.string());
    if (!content) return tl::unexpected(content.error());
    const WalCondition condition = inspect_wal(content->value_or(""));
    if ((damaged && condition.has_record) || condition.record_behind_damage) return false;
    damaged |= condition.damaged;
  }
  return damaged;
}

}  // namespace ddsync::state
