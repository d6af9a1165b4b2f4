#include "observe/log.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
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

std::mutex writing;
bool closed = false;  // the last line is written

void write(spdlog::level::level_enum level, std::string_view text, bool is_last = false) {
  const std::lock_guard lock(writing);
  if (std::exchange(closed, closed || is_last)) return;
  spdlog::log(level, spdlog::string_view_t(text.data(), text.size()));
}

// Set once, by init_log, before there are threads.
std::shared_ptr<LogSink>& sink() {
  static std::shared_ptr<LogSink> the_sink;
  return the_sink;
}

std::unique_ptr<spdlog::formatter> formatter_of(config::LogFormat format) {
  if (format == config::LogFormat::json) return std::make_unique<JsonFormatter>();
  return std::make_unique<TextFormatter>();
}

}  // namespace

void init_log(config::LogLevel level, config::LogFormat format) {
  sink() = std::make_shared<LogSink>();
  auto logger = std::make_shared<spdlog::logger>("ddsync", sink());
  logger->set_formatter(formatter_of(format));
  logger->set_level(level_of(level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

void log_debug(std::string_view text) { write(spdlog::level::debug, text); }
void log_info(std::string_view text) { write(spdlog::level::info, text); }
void log_warning(std::string_view text) { write(spdlog::level::warn, text); }
void log_error(std::string_view text) { write(spdlog::level::err, text); }
void log_last(std::string_view text) { write(spdlog::level::info, text, true); }
void flush_log() { spdlog::default_logger()->flush(); }

void show_live_line(std::string_view text) {
  if (sink()) sink()->show_live_line(text);
}

void clear_live_line() {
  if (sink()) sink()->clear_live_line();
}

}  // namespace ddsync::observe
