#include "check/servers.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <future>
#include <iterator>

#include "runtime/servers.h"

namespace ddsync::check {
namespace {

constexpr int64_t kPatience_ms = 15'000;  // for a server to be found, and for each answer
constexpr uint32_t kConnections = 4;
constexpr int64_t kSkewMax_ms = 5'000;

int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string remedy_for(const std::string& role, const Error& error) {
  if (error.treatment == Treatment::fatal) return fmt::format("correct user and password in {}.uri", role);
  return fmt::format(
      "is the server running, and can it be reached from here? Check host, port, TLS options and firewall of "
      "{}.uri",
      role);
}

Finding connect(Side& side, const std::string& uri) {
  auto endpoint = mongo::Endpoint::create({.uri = uri,
                                           .connections_max = kConnections,
                                           .server_selection_timeout_ms = kPatience_ms,
                                           .socket_timeout_ms = kPatience_ms});
  if (!endpoint) {
    return problem(side.role, fmt::format("{}.uri: {}", side.role, endpoint.error().message),
                   fmt::format("correct {}.uri", side.role));
  }
  side.owned = *std::move(endpoint);
  side.endpoint = side.owned.get();
  const auto asked = ask(side);
  if (!asked) return problem(side.role, describe(asked.error()), remedy_for(side.role, asked.error()));
  return ok(side.role, side.info->description);
}

// "0.107-0" -> 107 when the major version is 0; nothing for other texts.
std::optional<unsigned> minor_of_zero(const std::string& version) {
  constexpr std::string_view major = "0.";
  if (!version.starts_with(major)) return std::nullopt;
  unsigned minor = 0;
  const char* begin = version.data() + major.size();
  const auto [end, error] = std::from_chars(begin, version.data() + version.size(), minor);
  if (error != std::errc() || end == begin) return std::nullopt;
  return minor;
}

std::string distance(const Side& side) {
  if (side.info->local_time_ms == 0) return fmt::format("the {} tells no time", side.role);
  const auto seconds = static_cast<double>(clock_skew_ms(side)) / 1000.0;
  return fmt::format("the {} is {:+.1f} s from this machine", side.role, seconds);
}

}  // namespace

Findings check_servers(Context& context) {
  auto target =
      std::async(std::launch::async, [&] { return connect(context.target, context.config.target_uri); });
  Findings findings = {connect(context.source, context.config.source_uri)};
  findings.push_back(target.get());
  for (const Side* side : {&context.source, &context.target}) {
    Findings more = judge_version(*side);
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  }
  return findings;
}

mongo::Result<void> ask(Side& side) {
  side.asked_ms = wall_ms();
  auto info = side.endpoint->describe();
  side.answered_ms = wall_ms();
  if (!info) return tl::unexpected(std::move(info).error());
  side.info = *std::move(info);
  return {};
}

Findings judge_version(const Side& side) {
  const std::string faults = side.info ? known_faults(*side.info) : std::string();
  if (faults.empty()) return {};
  return {warning(side.role + " version", faults, "update it to 0.111 or later")};
}

Findings check_pair(Context& context) {
  const auto unfit = runtime::unfit_pair(*context.source.info, *context.target.info);
  if (unfit) return {problem("pair", *unfit, "choose another pair of servers")};
  return {ok("pair", "two servers that can be kept equal")};
}

Findings check_clocks(Context& context) { return {judge_clocks(context.source, context.target)}; }

std::string known_faults(const mongo::ServerInfo& info) {
  constexpr unsigned fixed_upserts = 108;
  constexpr unsigned fixed_order = 111;
  if (!info.is_documentdb) return {};
  const std::optional<unsigned> minor = minor_of_zero(info.version);
  if (!minor || *minor >= fixed_order) return {};
  std::string faults = fmt::format("DocumentDB {}: ", info.version);
  if (*minor < fixed_upserts) faults += "concurrent upserts of one _id can lose a write; ";
  return faults + "order of index and of sort can differ, and cursors can expire in use";
}

int64_t clock_skew_ms(const Side& side) {
  const int64_t told = side.info ? side.info->local_time_ms : 0;
  if (told == 0) return 0;
  if (told < side.asked_ms) return told - side.asked_ms;
  return told > side.answered_ms ? told - side.answered_ms : 0;
}

Finding judge_clocks(const Side& source, const Side& target) {
  const int64_t of_source = clock_skew_ms(source);
  const int64_t of_target = clock_skew_ms(target);
  std::string found = fmt::format("{}, {}", distance(source), distance(target));
  const bool far = std::abs(of_source) > kSkewMax_ms || std::abs(of_target) > kSkewMax_ms ||
                   std::abs(of_source - of_target) > kSkewMax_ms;
  if (!far) return ok("clocks", std::move(found));
  return warning("clocks", std::move(found),
                 "set the clocks by NTP: nothing is lost by it, but the lag that is shown is wrong");
}

}  // namespace ddsync::check
