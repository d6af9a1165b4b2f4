// What happened in a run: a hash of every step always (the same seed must give the same one), and lines for
// people when asked for. A failed seed is run again with lines.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>
#include <utility>

#include "engine/ids.h"

namespace ddsync::sim {

class Trace {
 public:
  enum class Mode : uint8_t { hash_only, keep_last, print };

  explicit Trace(Mode mode) : mode_(mode) {}

  bool wants_lines() const { return mode_ != Mode::hash_only; }
  void mix(uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001B3u + (hash_ >> 29); }
  uint64_t hash() const { return hash_; }

  template <typename... Arguments>
  void line(Instant now, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (!wants_lines()) return;
    add(fmt::format("{:>12.6f}  ", static_cast<double>(now.us) / 1e6) +
        fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  const std::deque<std::string>& last_lines() const { return lines_; }

 private:
  static constexpr size_t kLinesKept = 50;

  void add(std::string line) {
    if (mode_ == Mode::print) std::puts(line.c_str());
    lines_.push_back(std::move(line));
    if (lines_.size() > kLinesKept) lines_.pop_front();
  }

  Mode mode_;
  uint64_t hash_ = 0xCBF29CE484222325u;
  std::deque<std::string> lines_;
};

}  // namespace ddsync::sim
