// One JSON object a line: {"time":"...Z","level":"info","message":"..."}.
#pragma once

#include <spdlog/formatter.h>

#include <memory>

namespace ddsync::observe {

class JsonFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override;
  std::unique_ptr<spdlog::formatter> clone() const override;
};

}  // namespace ddsync::observe
