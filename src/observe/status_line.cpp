#include "observe/status_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/plain_text.h"
#include "engine/utf8.h"
#include "observe/numbers.h"
#include "observe/progress_watch.h"

namespace ddsync::observe {
namespace {

constexpr size_t kStreamsNamedMax = 5;
constexpr size_t kDetailMax = 160;

double rate(uint64_t before, uint64_t now, double interval_s) {
  return interval_s > 0 ? static_cast<double>(now - before) / interval_s : 0;
}

bool is_settled(StreamState state) {
  return state == StreamState::live || state == StreamState::barrier || state == StreamState::closed;
}

bool reads_behind(const EngineStatus& status) {
  return std::any_of(status.streams.begin(), status.streams.end(), [](const StreamStatus& stream) {
    return stream.state == StreamState::live && stream.is_behind;
  });
}

// What the service as a whole is doing: the worst of its streams and writers.
std::string state_of(const EngineStatus& status, bool stalled) {
  const auto any = [&](StreamState state) {
    return std::any_of(status.streams.begin(), status.streams.end(),
                       [&](const StreamStatus& stream) { return stream.state == state; });
  };
  if (any(StreamState::gap)) return "gap";
  if (status.ending) return "stopping";
  if (!status.watching) return "checking";
  if (any(StreamState::reconnecting) || any(StreamState::waiting)) return "reconnecting";
  if (status.writers_retrying > 0) return "retrying";
  if (stalled) return "stalled";
  if (any(StreamState::paused)) return "paused";
  if (any(StreamState::copying))
    return status.copy && status.copy->phase == CopyPhase::checking ? "checking" : "copying";
  if (any(StreamState::spooling)) return "spooling";
  if (any(StreamState::catching_up) || reads_behind(status)) return "catching_up";
  return "live";
}

std::string kinds(const EngineStatus& status) {
  std::string text;
  for (const auto& [kind, count] : status.events_by_kind) text += fmt::format(" {}={}", kind, count);
  return text;
}

// Streams that are not as they should be, with the reason.
std::string troubled_streams(const EngineStatus& status) {
  std::string text;
  size_t named = 0;
  size_t troubled = 0;
  for (const StreamStatus& stream : status.streams) {
    if (is_settled(stream.state)) continue;
    ++troubled;
    if (++named > kStreamsNamedMax) continue;
    text += fmt::format(" {}={}", stream.scope, to_string(stream.state));
    if (!stream.detail.empty()) text += fmt::format(" ({})", shortened(stream.detail, kDetailMax));
  }
  if (troubled == 0) return {};
  if (troubled > kStreamsNamedMax) text += fmt::format(" and {} more", troubled - kStreamsNamedMax);
  return fmt::format("; streams not live:{}", text);
}

// A source answers a read within about a second, also with nothing. Less than this is no silence yet.
constexpr Duration kSilence = Duration::seconds(5);

double seconds(Duration duration) { return static_cast<double>(duration.us) / 1e6; }

double lag_of(const StreamStatus& stream, Instant now, int64_t wall_ms) {
  double lag = 0;
  if (stream.waiting_since != Instant{}) lag = seconds(now - stream.waiting_since);
  if (stream.waiting_wall_ms != 0)
    lag = std::max(lag, static_cast<double>(wall_ms - stream.waiting_wall_ms) / 1000.0);
  if (stream.held_since != Instant{}) lag = std::max(lag, seconds(now - stream.held_since));
  // What was read is applied, and yet more is to come: it is not younger than what came last.
  const double since_newest = static_cast<double>(wall_ms - stream.newest_wall_ms) / 1000.0;
  if (stream.newest_wall_ms != 0 && (stream.is_behind || since_newest > seconds(kSilence)))
    lag = std::max(lag, since_newest);
  const Duration silence = now - stream.last_answer;
  const bool away = stream.state == StreamState::reconnecting || stream.state == StreamState::opening;
  if (away || (stream.state == StreamState::live && silence > kSilence))
    lag = std::max(lag, seconds(silence));
  return lag;
}

uint64_t streams_without_start(const EngineStatus& status) {
  return static_cast<uint64_t>(
      std::count_if(status.streams.begin(), status.streams.end(),
                    [](const StreamStatus& stream) { return stream.no_start_position; }));
}

std::string if_any(const char* name, uint64_t count) {
  return count == 0 ? std::string() : fmt::format(" {}={}", name, count);
}

}  // namespace

double lag_seconds(const EngineStatus& status, int64_t wall_ms) {
  double lag = 0;
  for (const StreamStatus& stream : status.streams) lag = std::max(lag, lag_of(stream, status.now, wall_ms));
  return lag;
}

std::string status_line(const EngineStatus& before, const EngineStatus& now, double interval_s,
                        int64_t wall_ms, const std::vector<std::string>& stalled) {
  std::string line =
      fmt::format("status: state={} applied={} rate={:.1f}/s lag={:.1f}s backlog={}{} errors={} retries={}",
                  state_of(now, !stalled.empty()), now.events_applied,
                  rate(before.events_applied, now.events_applied, interval_s), lag_seconds(now, wall_ms),
                  now.events_waiting, kinds(now), now.errors, now.write_retries + now.stream_reopens);
  line += fmt::format(" total_synced={} unpersisted={} memory={}MiB writers_busy={}", now.stats.total_synced,
                      now.unpersisted, now.memory_bytes >> 20, now.writers_busy);
  line += if_any("superseded", now.events_superseded) + if_any("skipped", now.events_skipped) +
          if_any("quarantined", now.events_quarantined) + if_any("set_aside", now.operations_set_aside) +
          if_any("suspects", now.suspects) + if_any("unproven_namespaces", now.unproven_namespaces) +
          if_any("writers_retrying", now.writers_retrying) + if_any("spool_mib", now.spool_bytes >> 20) +
          if_any("indexes_left", now.indexes_left) + if_any("indexes_refused", now.indexes_refused) +
          if_any("copied", now.documents_copied) + if_any("no_start_position", streams_without_start(now));
  line += troubled_streams(now);
  if (!stalled.empty()) line += "; no progress: " + some_stalled(stalled);
  if (!now.last_write_error.empty())
    line += fmt::format("; last write error: {}", shortened(now.last_write_error, kDetailMax));
  return line;
}

std::string progress_line(const EngineStatus& before, const EngineStatus& now, double interval_s,
                          int64_t wall_ms, bool stalled) {
  const auto per_second = static_cast<uint64_t>(rate(before.events_applied, now.events_applied, interval_s));
  return fmt::format("{} | {}/s | lag {:.1f} s | backlog {} | {} applied | {} errors", state_of(now, stalled),
                     grouped(per_second), lag_seconds(now, wall_ms), grouped(now.events_waiting),
                     grouped(now.events_applied), grouped(now.errors));
}

}  // namespace ddsync::observe
