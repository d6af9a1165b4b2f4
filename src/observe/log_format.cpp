#include "observe/log_format.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "config/plain_text.h"
#include "observe/credentials.h"

namespace ddsync::observe {
namespace {

std::string iso8601(std::chrono::system_clock::time_point time) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(time)),
                     ms % 1000);
}

// The names of logging.level.
std::string_view name_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
    case spdlog::level::debug:
      return "DEBUG";
    case spdlog::level::warn:
      return "WARNING";
    case spdlog::level::err:
    case spdlog::level::critical:
      return "ERROR";
    case spdlog::level::info:
    case spdlog::level::off:
    case spdlog::level::n_levels:
      break;
  }
  return "INFO";
}

std::string masked_text(const spdlog::details::log_msg& message) {
  return mask_credentials({message.payload.data(), message.payload.size()});
}

void append(spdlog::memory_buf_t& line, std::string_view text) {
  line.append(text.data(), text.data() + text.size());
}

// Of one to three bytes, as all of these marks are.
uint32_t code_point(std::string_view mark) {
  if (mark.size() == 1) return static_cast<unsigned char>(mark[0]);
  uint32_t point = static_cast<unsigned char>(mark[0]) & (mark.size() == 2 ? 0x1FU : 0x0FU);
  for (const char byte : mark.substr(1)) point = point << 6U | (static_cast<unsigned char>(byte) & 0x3FU);
  return point;
}

// A reader of the JSON gets them as they were; who looks at the line, or his terminal, is not misled by them.
// JSON itself asks only for those below U+0020 to be escaped.
std::string with_escaped_marks(std::string_view json) {
  std::string line;
  line.reserve(json.size());
  while (!json.empty()) {
    const std::string_view character = json.substr(0, std::max<size_t>(config::utf8_length(json), 1));
    if (config::is_control(character) || config::reorders_or_separates(character)) {
      line += fmt::format("\\u{:04x}", code_point(character));
    } else {
      line += character;
    }
    json.remove_prefix(character.size());
  }
  return line;
}

}  // namespace

// A server's message must not begin a line of its own, nor command the terminal.
void TextFormatter::format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) {
  append(line, fmt::format("{} {:<5} {}\n", iso8601(message.time), name_of(message.level),
                           config::one_line(masked_text(message))));
}

std::unique_ptr<spdlog::formatter> TextFormatter::clone() const { return std::make_unique<TextFormatter>(); }

void JsonFormatter::format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) {
  const nlohmann::ordered_json object = {
      {"time", iso8601(message.time)}, {"level", name_of(message.level)}, {"message", masked_text(message)}};
  // Invalid UTF-8 (a server's message) must not break the line.
  const std::string json = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  append(line, with_escaped_marks(json) + "\n");
}

std::unique_ptr<spdlog::formatter> JsonFormatter::clone() const { return std::make_unique<JsonFormatter>(); }

}  // namespace ddsync::observe
