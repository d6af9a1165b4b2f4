#include "state/base64.h"

#include <array>
#include <cstdint>

namespace ddsync::state {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kInvalid = 0xFF;

constexpr std::array<uint8_t, 256> reverse_alphabet() {
  std::array<uint8_t, 256> values{};
  for (auto& value : values) value = kInvalid;
  for (size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  return values;
}

constexpr std::array<uint8_t, 256> kValues = reverse_alphabet();

uint32_t byte_or_zero(std::string_view bytes, size_t i) {
  return i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : 0U;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const uint32_t group =
        byte_or_zero(bytes, i) << 16 | byte_or_zero(bytes, i + 1) << 8 | byte_or_zero(bytes, i + 2);
    text.push_back(kAlphabet[group >> 18]);
    text.push_back(kAlphabet[group >> 12 & 63]);
    text.push_back(i + 1 < bytes.size() ? kAlphabet[group >> 6 & 63] : '=');
    text.push_back(i + 2 < bytes.size() ? kAlphabet[group & 63] : '=');
  }
  return text;
}

std::string to_base64(DocumentView document) {
  return to_base64(std::string_view(reinterpret_cast<const char*>(document.data), document.size));
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (size_t i = 0; i < text.size(); i += 4) {
    uint32_t group = 0;
    for (size_t j = i; j < i + 4; ++j) {
      const uint8_t value = j < text.size() - padding ? kValues[static_cast<uint8_t>(text[j])] : 0;
      if (value == kInvalid) return std::nullopt;
      group = group << 6 | value;
    }
    for (const uint32_t shift : {16U, 8U, 0U}) bytes.push_back(static_cast<char>(group >> shift & 0xFF));
  }
  bytes.resize(bytes.size() - padding);
  if (to_base64(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace ddsync::state
