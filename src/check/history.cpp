#include "check/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "observe/numbers.h"

namespace ddsync::check {
namespace {

constexpr const char* kHistory = "history";
constexpr int64_t kReachLeast_s = 3'600;
constexpr int64_t kAwayLeast_s = 600;  // shorter ones are restarts, beside a source that is new

int64_t wall_s() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

std::string ago(int64_t seconds) { return observe::duration_text(static_cast<double>(seconds)); }

Finding unknown(const std::string& why) {
  return warning(
      kHistory, fmt::format("not known: {}", why),
      "grant find on local.oplog.rs to have it checked, or see rs.printReplicationInfo(): an outage "
      "must not last longer than the source's history");
}

}  // namespace

Finding judge_history(const mongo::HistoryWindow& window, int64_t now_s) {
  const int64_t reach_s = std::max<int64_t>(now_s - window.oldest_s, 0);
  std::string found =
      fmt::format("the source can tell of the last {}", observe::duration_text(static_cast<double>(reach_s)));
  if (reach_s >= kReachLeast_s) return ok(kHistory, std::move(found));
  return warning(
      kHistory, std::move(found),
      "an outage must not last longer; unless the server is new and its history still grows, enlarge "
      "the oplog (replSetResizeOplog)");
}

std::optional<Finding> judge_saved(const mongo::HistoryWindow& window, int64_t now_s, int64_t saved_at_s) {
  const int64_t reach_s = std::max<int64_t>(now_s - window.oldest_s, 0);
  const int64_t away_s = std::max<int64_t>(now_s - saved_at_s, 0);
  const std::string found = fmt::format("the state was saved {} ago, the source can tell of the last {}",
                                        ago(away_s), ago(reach_s));
  if (away_s > reach_s) {
    return warning(
        kHistory, found,
        "what changed in between may be lost: a stream that cannot go on says so (docs/operations.md, "
        "Gap); enlarge the source's history against the next time");
  }
  if (away_s < kAwayLeast_s || away_s * 4 < reach_s * 3) return std::nullopt;
  return warning(kHistory, found,
                 "let it catch up without another interruption, and enlarge the source's history (MongoDB: "
                 "replSetResizeOplog)");
}

Finding history_of_documentdb(bool managed) {
  return warning(
      kHistory,
      managed ? "Azure DocumentDB keeps about 400 MB of changes"
              : "open DocumentDB (preview) loses changes of a reader that is 16 384 changes behind, "
                "without an error",
      "keep the service running, and spool.limit large enough for the longest outage of the target");
}

Findings check_history(Context& context) {
  const mongo::ServerInfo& source = *context.source.info;
  if (source.is_documentdb) return {history_of_documentdb(source.is_azure_documentdb)};
  const auto window = context.source.endpoint->inspector()->history();
  if (!window) return {unknown(describe(window.error()))};
  if (!*window) return {unknown("local.oplog.rs is not to be seen here")};
  if (context.saved_at_s) {
    if (auto late = judge_saved(**window, wall_s(), *context.saved_at_s)) return {*std::move(late)};
  }
  return {judge_history(**window, wall_s())};
}

Findings check_saved(Context& context) {
  // Not asked after a short stop: reading the ends of the history is no small thing for every server.
  if (!context.saved_at_s || context.source.info->is_documentdb) return {};
  if (wall_s() - *context.saved_at_s < kAwayLeast_s) return {};
  const auto window = context.source.endpoint->inspector()->history();
  if (!window || !*window) return {};
  const auto late = judge_saved(**window, wall_s(), *context.saved_at_s);
  return late ? Findings{*late} : Findings{};
}

}  // namespace ddsync::check
