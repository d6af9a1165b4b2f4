#include "observe/log_queue.h"

#include <utility>

namespace ddsync::observe {

void LogQueue::add(std::string line, LogRoom room) {
  {
    const std::lock_guard lock(mutex_);
    const size_t bytes = line.size();
    const bool taken = fits(bytes, room);
    if (room == LogRoom::ordinary) dropping_ = !taken;
    if (!taken) return count_dropped();
    lines_.emplace_back(std::move(line));
    bytes_ += bytes;
  }
  changed_.notify_one();
}

void LogQueue::show(LiveLine line) {
  {
    const std::lock_guard lock(mutex_);
    live_ = std::move(line);
  }
  changed_.notify_one();
}

std::optional<LogPiece> LogQueue::take() {
  const std::lock_guard lock(mutex_);
  if (lines_.empty()) return std::exchange(live_, std::nullopt);
  std::optional<LogPiece> first = std::move(lines_.front());
  lines_.pop_front();
  if (const auto* line = std::get_if<std::string>(&*first)) bytes_ -= line->size();
  return first;
}

bool LogQueue::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return anything_waits() || closed_; });
  return anything_waits();
}

void LogQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

bool LogQueue::fits(size_t bytes, LogRoom room) const {
  if (room == LogRoom::unlimited) return true;
  if (room == LogRoom::reserve) return bytes_ + bytes <= 2 * bytes_max_;
  return bytes_ + bytes <= bytes_max_ && !(dropping_ && bytes_ > bytes_max_ / 2);
}

void LogQueue::count_dropped() {
  auto* gap = lines_.empty() ? nullptr : std::get_if<DroppedLines>(&lines_.back());
  if (gap == nullptr) gap = &std::get<DroppedLines>(lines_.emplace_back(DroppedLines{}));
  ++gap->count;
}

}  // namespace ddsync::observe
