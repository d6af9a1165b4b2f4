#include "observe/log_sink.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <variant>

#include "engine/utf8.h"

namespace ddsync::observe {
namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";

// Whoever shares the descriptor may have made it one that does not block.
bool wait_for_room(int descriptor) {
  pollfd room{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return ::poll(&room, 1, -1) > 0 || errno == EINTR;
}

// What cannot be written is given up: there is nowhere to say so.
void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      if (!wait_for_room(descriptor)) return;
    } else if (errno != EINTR) {
      return;
    }
  }
}

// The cursor stays in the line's last column; 0 = not known.
size_t columns(int descriptor) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

LogRoom room_of(spdlog::level::level_enum level) {
  return level >= spdlog::level::err ? LogRoom::reserve : LogRoom::ordinary;
}

}  // namespace

void LogSink::take_the_last() {
  const std::lock_guard lock(mutex_);
  last_ = true;
}

void LogSink::write_until_closed() {
  while (queue_.wait()) write_waiting();
}

void LogSink::write_waiting() {
  while (write_next()) {
  }
}

void LogSink::sink_it_(const spdlog::details::log_msg& message) {
  queue_.add(formatted(message), last_ ? LogRoom::unlimited : room_of(message.level));
}

std::string LogSink::formatted(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  return {line.data(), line.size()};
}

bool LogSink::write_next() {
  const std::lock_guard lock(writing_);
  const auto next = queue_.take();
  if (next) std::visit([this](const auto& piece) { write(piece); }, *next);
  return next.has_value();
}

void LogSink::write(const std::string& line) {
  erase_live_line();
  write_all(descriptor_, line);
}

void LogSink::write(DroppedLines dropped) {
  const std::string text =
      fmt::format("lines of the log were dropped, nobody read it in time: {}", dropped.count);
  const spdlog::details::log_msg message({}, spdlog::level::warn, text);
  std::string line;
  {
    const std::lock_guard lock(mutex_);
    line = formatted(message);
  }
  write(line);
}

void LogSink::write(const LiveLine& line) {
  if (line.text.empty()) return erase_live_line();
  std::string_view text = line.text;
  if (const size_t width = columns(descriptor_); width > 1) text = whole_characters(text, width - 1);
  write_all(descriptor_, std::string(kEraseLine).append(text));
  live_line_shown_ = true;
}

void LogSink::erase_live_line() {
  if (!live_line_shown_) return;
  write_all(descriptor_, kEraseLine);
  live_line_shown_ = false;
}

}  // namespace ddsync::observe
