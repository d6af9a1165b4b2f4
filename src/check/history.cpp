#include "check/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "observe/numbers.h"

namespace ddsync::check {
namespace {

constexpr const char* kHistory = "history";
constexpr int64_t kReachLeast_s = 3'600;

int64_t wall_s() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

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
  return {judge_history(**window, wall_s())};
}

}  // namespace ddsync::check
