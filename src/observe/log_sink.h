// Where log lines and the live line of a terminal meet: standard error, one writer at a time.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <mutex>
#include <string_view>

namespace ddsync::observe {

// Thread-safety: all functions may be called from any thread.
class LogSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // Replaces the live line. It is cut to the width of the terminal: a wrapped line could not be erased.
  void show_live_line(std::string_view text);
  void clear_live_line();

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;

 private:
  void erase_live_line();

  bool live_line_shown_ = false;
};

}  // namespace ddsync::observe
