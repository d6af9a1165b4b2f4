#include "observe/log_format.h"

#include <fmt/chrono.h>

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
  append(line, object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::unique_ptr<spdlog::formatter> JsonFormatter::clone() const { return std::make_unique<JsonFormatter>(); }

}  // namespace ddsync::observe
