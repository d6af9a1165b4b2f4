#include "check/check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "check/documents.h"
#include "check/history.h"
#include "check/identity.h"
#include "check/limits.h"
#include "check/local.h"
#include "check/rights.h"
#include "check/schema.h"
#include "check/servers.h"
#include "check/streams.h"

namespace ddsync::check {
namespace {

constexpr const char* kConfiguration = "configuration";
constexpr size_t kProblemsMax = 100;  // more are of a file that was not meant to be the configuration

std::string place(const std::string& path, const config::Problem& problem) {
  return problem.line > 0 ? fmt::format("{}:{}", path, problem.line) : path;
}

Findings check_configuration(Context& context) {
  Findings findings;
  for (const config::Problem& one : context.config.warnings) {
    findings.push_back(warning(kConfiguration,
                               fmt::format("{}: {}", place(context.config.path, one), one.text),
                               "correct it where the network is not trusted"));
  }
  if (findings.empty()) findings.push_back(ok(kConfiguration, context.config.path));
  return findings;
}

bool answered(const Context& context, Needs needs) {
  const bool source = needs == Needs::nothing || needs == Needs::target || context.source.info;
  const bool target = needs == Needs::nothing || needs == Needs::source || context.target.info;
  return source && target;
}

}  // namespace

const std::vector<NamedCheck>& all_checks() {
  static const std::vector<NamedCheck> checks = {
      {kConfiguration, Needs::nothing, check_configuration},
      {"servers", Needs::nothing, check_servers},
      {"pair", Needs::both, check_pair},
      {"clocks", Needs::both, check_clocks},
      {"state", Needs::nothing, check_state},
      {"disk", Needs::nothing, check_disk},
      {"source identity", Needs::source, check_identity},
      {"source rights", Needs::source, check_source_rights},
      {"change streams", Needs::source, check_streams},
      {"history", Needs::source, check_history},
      {"target rights", Needs::target, check_target_rights},
      {"documents", Needs::both, check_documents},
      {"schema", Needs::both, check_schema},
      {"limits", Needs::both, check_limits},
  };
  return checks;
}

Findings examine(const config::Config& config) {
  Context context(config);
  Findings findings;
  std::vector<std::string> left_out;
  for (const NamedCheck& check : all_checks()) {
    if (!answered(context, check.needs)) {
      left_out.emplace_back(check.name);
      continue;
    }
    Findings more = check.run(context);
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  }
  if (!left_out.empty()) {
    findings.push_back(warning("not checked", fmt::format("{}", fmt::join(left_out, ", ")),
                               "a server that they need does not answer; check again when it does"));
  }
  return findings;
}

Findings configuration_problems(const std::string& path, const std::vector<config::Problem>& problems) {
  Findings findings;
  for (size_t i = 0; i < std::min(problems.size(), kProblemsMax); ++i) {
    findings.push_back(problem(kConfiguration,
                               fmt::format("{}: {}", place(path, problems[i]), problems[i].text),
                               "correct it; nothing else was checked"));
  }
  return findings;
}

}  // namespace ddsync::check
