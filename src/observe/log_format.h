// How a log message becomes one line, whatever it holds. Credentials are masked here, the last step before
// output.
#pragma once

#include <spdlog/formatter.h>

#include <memory>

namespace ddsync::observe {

// "2026-11-24T16:05:21.123Z INFO  text", control characters of the text escaped.
class TextFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override;
  std::unique_ptr<spdlog::formatter> clone() const override;
};

// {"time":"2026-11-24T16:05:21.123Z","level":"INFO","message":"text"}
class JsonFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override;
  std::unique_ptr<spdlog::formatter> clone() const override;
};

}  // namespace ddsync::observe
