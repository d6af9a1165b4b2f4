// Where a text may be cut. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ddsync {

// Of a character that began before it: no place to cut.
inline bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// The beginning: at most `bytes_max` bytes, the last character whole.
inline std::string_view whole_characters(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && is_continuation(text[bytes_max])) --bytes_max;
  return text.substr(0, bytes_max);
}

// The same, and then "..." where something is missing.
inline std::string shortened(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  return std::string(whole_characters(text, bytes_max)).append("...");
}

}  // namespace ddsync
