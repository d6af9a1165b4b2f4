#include "check/quick.h"

#include <fmt/format.h>

#include <iterator>

#include "check/history.h"
#include "check/local.h"
#include "check/rights.h"
#include "check/servers.h"
#include "runtime/servers.h"

namespace ddsync::check {
namespace {

// Asked again: how far a clock is can only be told with the time of the question.
Findings ask_again(Side& side, mongo::Endpoint& endpoint) {
  side.endpoint = &endpoint;
  if (!ask(side)) return {};  // the service waits for it and says so
  return judge_version(side);
}

Findings look_at_clocks(const Context& context) {
  if (!context.source.info || !context.target.info) return {};
  return {judge_clocks(context.source, context.target)};
}

// Where the server tells what its user may do.
Findings look_at_rights(const Side& side, const config::Config& config,
                        Finding (*judge)(const mongo::Rights&, const config::Config&)) {
  if (!side.info) return {};
  const auto rights = side.endpoint->inspector()->rights();
  if (!rights || rights->privileges.empty()) return {};
  return {judge(*rights, config)};
}

}  // namespace

Findings quick_look(const runtime::AtStart& start) {
  Context context(start.config);
  context.saved_at_s = start.saved_at_s;
  Findings findings;
  const auto take = [&](Findings more) {
    std::erase_if(more, [](const Finding& one) { return one.verdict == Verdict::ok; });
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  };
  take(check_free_disk(context));
  take(ask_again(context.source, *start.servers.source));
  if (start.servers.target_info) take(ask_again(context.target, *start.servers.target));
  take(look_at_clocks(context));
  take(look_at_rights(context.source, start.config, judge_source_rights));
  take(look_at_rights(context.target, start.config, judge_target_rights));
  if (context.source.info) take(check_saved(context));
  return findings;
}

std::string as_log_line(const Finding& finding) {
  return fmt::format("check: {}: {}; {}", finding.check, finding.found, finding.remedy);
}

}  // namespace ddsync::check
