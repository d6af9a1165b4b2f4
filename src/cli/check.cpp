#include "check/check.h"

#include <iostream>

#include "check/report.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "mongo/endpoint.h"
#include "runtime/process.h"

namespace ddsync::cli {
namespace {

check::Findings findings_of(const std::string& config_path) {
  const auto config = config::load(config_path, mongo::uri_fault);
  if (!config) return check::configuration_problems(config_path, config.error());
  return check::examine(*config);
}

}  // namespace

int check(const Arguments& arguments) {
  runtime::harden_process();
  const check::Findings findings = findings_of(arguments.config_path);
  std::cout << (arguments.json ? check::as_json(findings) : check::as_table(findings));
  const bool refused = check::worst(findings) == check::Verdict::problem;
  return code(refused ? runtime::ExitCode::bad_configuration : runtime::ExitCode::ok);
}

}  // namespace ddsync::cli
