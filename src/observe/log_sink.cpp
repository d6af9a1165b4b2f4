#include "observe/log_sink.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace ddsync::observe {
namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";

void write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

// The cursor stays in the line's last column; 0 = not known.
size_t columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

void LogSink::show_live_line(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (const size_t width = columns(); width > 1) text = text.substr(0, width - 1);
  write(std::string(kEraseLine).append(text));
  std::fflush(stderr);
  live_line_shown_ = true;
}

void LogSink::clear_live_line() {
  const std::lock_guard lock(mutex_);
  erase_live_line();
  std::fflush(stderr);
}

void LogSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  erase_live_line();
  write({line.data(), line.size()});
}

void LogSink::flush_() { std::fflush(stderr); }

void LogSink::erase_live_line() {
  if (!live_line_shown_) return;
  write(kEraseLine);
  live_line_shown_ = false;
}

}  // namespace ddsync::observe
