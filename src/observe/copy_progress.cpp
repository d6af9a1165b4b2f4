#include "observe/copy_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "config/plain_text.h"
#include "engine/utf8.h"
#include "observe/numbers.h"

namespace ddsync::observe {
namespace {

constexpr size_t kCollectionsNamedMax = 3;
constexpr size_t kLogNameBytesMax = 120;
constexpr size_t kLiveNameBytesMax = 24;
constexpr size_t kWholeBarColumns = 20;
constexpr size_t kCollectionBarColumns = 5;
constexpr double kMegabyte = 1e6;

double per_second(uint64_t before, uint64_t now, double interval_s) {
  return interval_s > 0 && now > before ? static_cast<double>(now - before) / interval_s : 0;
}

// Of an estimate: nothing when there is none, at most 100.
std::optional<double> part_done(uint64_t done, uint64_t total) {
  if (total == 0) return std::nullopt;
  return std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
}

std::optional<double> whole_done(const CopyProgress& now) {
  if (now.phase == CopyPhase::catching_up || now.phase == CopyPhase::live) return 1.0;
  return part_done(now.documents_done, now.documents_total);
}

std::string percent(std::optional<double> part) {
  return part ? fmt::format("{} %", static_cast<int>(*part * 100)) : "? %";
}

std::string bar(std::optional<double> part, size_t columns) {
  const auto full = static_cast<size_t>(part.value_or(0) * static_cast<double>(columns));
  return fmt::format("[{}{}]", std::string(full, '#'), std::string(columns - full, '.'));
}

std::string rates(const CopyPace& pace, std::string_view between) {
  return fmt::format("{}/s{}{:.1f} MB/s", grouped(static_cast<uint64_t>(pace.documents_per_second)), between,
                     pace.bytes_per_second / kMegabyte);
}

std::string remaining(const CopyProgress& now, const CopyPace& pace) {
  const auto seconds = remaining_seconds(now, pace);
  return seconds ? duration_text(*seconds) : "?";
}

std::string name(const CollectionProgress& collection, size_t bytes_max) {
  return shortened(config::one_line(collection.ns), bytes_max);
}

std::span<const CollectionProgress> named(const CopyProgress& now) {
  return std::span(now.current).first(std::min(now.current.size(), kCollectionsNamedMax));
}

std::string documents(const CopyProgress& now) {
  if (now.documents_total == 0) return grouped(now.documents_done);
  return fmt::format("{}/{} ({})", grouped(now.documents_done), grouped(now.documents_total),
                     percent(part_done(now.documents_done, now.documents_total)));
}

std::string collections_of_log(const CopyProgress& now) {
  std::string text;
  for (const CollectionProgress& collection : named(now)) {
    text += fmt::format("{} {} {}", text.empty() ? "; now:" : ",", name(collection, kLogNameBytesMax),
                        percent(part_done(collection.documents_done, collection.documents_total)));
  }
  if (now.current.size() > kCollectionsNamedMax)
    text += fmt::format(" and {} more", now.current.size() - kCollectionsNamedMax);
  return text;
}

}  // namespace

CopyPace copy_pace(const CopyProgress& before, const CopyProgress& now, double interval_s) {
  return {.documents_per_second = per_second(before.documents_done, now.documents_done, interval_s),
          .bytes_per_second = per_second(before.bytes_read, now.bytes_read, interval_s)};
}

std::optional<double> remaining_seconds(const CopyProgress& now, const CopyPace& pace) {
  if (now.documents_total <= now.documents_done || pace.documents_per_second <= 0) return std::nullopt;
  return static_cast<double>(now.documents_total - now.documents_done) / pace.documents_per_second;
}

std::string copy_log_line(const CopyProgress& now, const CopyPace& pace) {
  std::string line = fmt::format("copy: phase={} collections={}/{} documents={}", to_string(now.phase),
                                 now.collections_done, now.collections_total, documents(now));
  if (now.phase == CopyPhase::copying)
    line += fmt::format(" rate={} remaining={}", rates(pace, " "), remaining(now, pace));
  line += fmt::format(" errors={}", now.errors);
  return line + collections_of_log(now);
}

std::string copy_progress_line(const CopyProgress& now, const CopyPace& pace) {
  const auto done = whole_done(now);
  std::string line =
      fmt::format("{} {} {}", to_string(now.phase), bar(done, kWholeBarColumns), percent(done));
  if (now.phase == CopyPhase::copying)
    line += fmt::format(" | {} | {} left", rates(pace, " | "), remaining(now, pace));
  line += fmt::format(" | {}/{}", now.collections_done, now.collections_total);
  if (now.errors > 0) line += fmt::format(" | {} errors", grouped(now.errors));
  for (const CollectionProgress& collection : named(now)) {
    const auto part = part_done(collection.documents_done, collection.documents_total);
    line += fmt::format(" | {} {} {}", name(collection, kLiveNameBytesMax), bar(part, kCollectionBarColumns),
                        percent(part));
  }
  return line;
}

}  // namespace ddsync::observe
