// What waits to be written to the log. Who adds to it never waits for who writes: what does not fit is
// dropped, and counted where it would have stood. Thread-safety: all functions may be called from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

namespace ddsync::observe {

struct DroppedLines {
  uint64_t count = 0;
};

// Empty: none is to be shown.
struct LiveLine {
  std::string text;
};

using LogPiece = std::variant<std::string, DroppedLines, LiveLine>;

// How far the queue may be full for a line that is still taken.
enum class LogRoom : uint8_t {
  ordinary,
  reserve,    // twice as far: why the service ends is said when the queue may be full already
  unlimited,  // for the last line
};

class LogQueue {
 public:
  // Lines of `bytes_max` wait; when they do, none is taken until half of them are written: one large gap
  // rather than many small ones.
  explicit LogQueue(size_t bytes_max) : bytes_max_(bytes_max) {}

  void add(std::string line, LogRoom room);
  // Comes after all lines, and instead of the one that waits.
  void show(LiveLine line);

  // What is to be written next; nothing when nothing waits.
  std::optional<LogPiece> take();
  // Until something waits; false when it is closed and nothing does.
  bool wait();
  // Nothing more will come.
  void close();

 private:
  bool fits(size_t bytes, LogRoom room) const;
  void count_dropped();
  bool anything_waits() const { return !lines_.empty() || live_; }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<LogPiece> lines_;
  std::optional<LiveLine> live_;
  size_t bytes_ = 0;
  const size_t bytes_max_;
  bool dropping_ = false;
  bool closed_ = false;
};

}  // namespace ddsync::observe
