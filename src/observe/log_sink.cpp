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

// At most `bytes_max` bytes of UTF-8, the last character whole.
std::string_view whole_characters(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  constexpr unsigned kind_of_byte = 0xC0;
  constexpr unsigned inside_a_character = 0x80;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & kind_of_byte) == inside_a_character)
    --bytes_max;
  return text.substr(0, bytes_max);
}

}  // namespace

void LogSink::show_live_line(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (const size_t width = columns(); width > 1) text = whole_characters(text, width - 1);
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
