#include "config/plain_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engine/utf8.h"

namespace ddsync::config {
namespace {

unsigned char byte_at(std::string_view text, size_t at) { return static_cast<unsigned char>(text[at]); }

// By its first byte alone.
size_t announced_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 0;
}

// Too long a form of a short character, half of a UTF-16 pair, past the last character.
bool is_forbidden(unsigned char first, unsigned char second) {
  return (first == 0xE0 && second < 0xA0) || (first == 0xED && second >= 0xA0) ||
         (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90);
}

void append_escaped(std::string& line, std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) line += fmt::format("\\x{:02x}", byte_at(bytes, i));
}

}  // namespace

size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const unsigned char first = byte_at(text, 0);
  const size_t length = announced_length(first);
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  return length > 1 && is_forbidden(first, byte_at(text, 1)) ? 0 : length;
}

bool is_control(std::string_view character) {
  const unsigned char first = byte_at(character, 0);
  return first < ' ' || first == 127 ||
         (first == 0xC2 && character.size() > 1 && byte_at(character, 1) < 0xA0);
}

bool reorders_or_separates(std::string_view character) {
  const auto in = [&](std::string_view first, std::string_view last) {
    return character >= first && character <= last;
  };
  return character == "\u061c" || in("\u200e", "\u200f") || in("\u2028", "\u202e") || in("\u2066", "\u2069");
}

std::string one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, length == 0 ? 1 : length);
    if (character == "\n") {
      line += "\\n";
    } else if (length == 0 || is_control(character) || reorders_or_separates(character)) {
      append_escaped(line, character);
    } else {
      line += character;
    }
    text.remove_prefix(character.size());
  }
  return line;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

std::string some_of(const std::vector<std::string>& texts, size_t most, std::string_view separator) {
  const auto named = texts.begin() + static_cast<std::ptrdiff_t>(std::min(texts.size(), most));
  std::string text = fmt::format("{}", fmt::join(texts.begin(), named, separator));
  if (named != texts.end()) text += fmt::format(" and {} more", texts.end() - named);
  return text;
}

}  // namespace ddsync::config
