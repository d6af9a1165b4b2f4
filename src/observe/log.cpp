#include "observe/log.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "observe/log_format.h"
#include "observe/log_sink.h"

namespace ddsync::observe {
namespace {

spdlog::level::level_enum level_of(config::LogLevel level) {
  switch (level) {
    case config::LogLevel::debug:
      return spdlog::level::debug;
    case config::LogLevel::info:
      return spdlog::level::info;
    case config::LogLevel::warning:
      return spdlog::level::warn;
    case config::LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// Set once, by init_log, before there are threads.
std::shared_ptr<LogSink>& sink() {
  static std::shared_ptr<LogSink> the_sink;
  return the_sink;
}

std::mutex logging;
bool closed = false;  // the last line is logged

void log(spdlog::level::level_enum level, std::string_view text, bool is_last = false) {
  const std::lock_guard lock(logging);
  if (std::exchange(closed, closed || is_last)) return;
  if (is_last && sink()) sink()->take_the_last();
  spdlog::log(level, spdlog::string_view_t(text.data(), text.size()));
}

std::unique_ptr<spdlog::formatter> formatter_of(config::LogFormat format) {
  if (format == config::LogFormat::json) return std::make_unique<JsonFormatter>();
  return std::make_unique<TextFormatter>();
}

}  // namespace

void init_log(config::LogLevel level, config::LogFormat format) {
  sink() = std::make_shared<LogSink>(STDERR_FILENO);
  auto logger = std::make_shared<spdlog::logger>("ddsync", sink());
  logger->set_formatter(formatter_of(format));
  logger->set_level(level_of(level));
  // spdlog would write to standard error, and wait for it. A line for which there is no memory is lost.
  logger->set_error_handler([](const std::string&) {});
  spdlog::set_default_logger(std::move(logger));
}

void log_debug(std::string_view text) { log(spdlog::level::debug, text); }
void log_info(std::string_view text) { log(spdlog::level::info, text); }
void log_warning(std::string_view text) { log(spdlog::level::warn, text); }
void log_error(std::string_view text) { log(spdlog::level::err, text); }
void log_last(std::string_view text) { log(spdlog::level::info, text, true); }
void log_last_error(std::string_view text) { log(spdlog::level::err, text, true); }

void write_log() {
  if (sink()) sink()->write_until_closed();
}

void flush_log() {
  if (sink()) sink()->write_waiting();
}

void show_live_line(std::string_view text) {
  if (sink()) sink()->show_live_line(text);
}

void clear_live_line() {
  if (sink()) sink()->clear_live_line();
}

}  // namespace ddsync::observe
