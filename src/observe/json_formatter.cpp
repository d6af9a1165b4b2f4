#include "observe/json_formatter.h"

#include <fmt/chrono.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

namespace ddsync::observe {
namespace {

std::string iso8601(std::chrono::system_clock::time_point time) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(time)),
                     ms % 1000);
}

}  // namespace

void JsonFormatter::format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) {
  const nlohmann::ordered_json object = {
      {"time", iso8601(message.time)},
      {"level", std::string(spdlog::level::to_string_view(message.level).data())},
      {"message", std::string(message.payload.data(), message.payload.size())},
  };
  // Invalid UTF-8 (a server's message) must not break the line.
  const std::string text = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  line.append(text.data(), text.data() + text.size());
}

std::unique_ptr<spdlog::formatter> JsonFormatter::clone() const { return std::make_unique<JsonFormatter>(); }

}  // namespace ddsync::observe
