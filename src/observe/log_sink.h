// Where log lines and the live line of a terminal meet: standard error, one writer at a time, for which
// nobody who logs waits: a reader may be slow, or gone to sleep (a pipe that is full, Ctrl-S on a terminal).
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <mutex>
#include <string>
#include <string_view>

#include "observe/log_queue.h"

namespace ddsync::observe {

// Thread-safety: all functions may be called from any thread.
class LogSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // Some 25,000 lines: more than the start of a copy of thousands of collections writes at once.
  static constexpr size_t kWaitingBytesMax = 4u << 20;

  explicit LogSink(int descriptor, size_t waiting_bytes_max = kWaitingBytesMax)
      : descriptor_(descriptor), queue_(waiting_bytes_max) {}

  // Replaces the live line. It is cut to the width of the terminal: a wrapped line could not be erased.
  void show_live_line(std::string_view text) { queue_.show({std::string(text)}); }
  void clear_live_line() { queue_.show({}); }
  // Takes also what comes now, however much waits.
  void take_the_last();

  // Writes what waits and what comes, until it is closed: the work of one thread.
  void write_until_closed();
  // Writes what waits, together with that thread or in its place.
  void write_waiting();
  void close() { queue_.close(); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  std::string formatted(const spdlog::details::log_msg& message);
  bool write_next();
  void write(const std::string& line);
  void write(DroppedLines dropped);
  void write(const LiveLine& line);
  void erase_live_line();

  const int descriptor_;
  LogQueue queue_;
  bool last_ = false;
  std::mutex writing_;  // from the taking of a piece until it is written: the order stays
  bool live_line_shown_ = false;
};

}  // namespace ddsync::observe
