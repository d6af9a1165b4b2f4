#include "check/check.h"

#include "check/report.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/serve.h"
#include "mongo/endpoint.h"
#include "runtime/process.h"

namespace ddsync::cli {
namespace {

check::Findings findings_of(const Arguments& arguments) {
  auto config = config::load(arguments.config_path, mongo::uri_fault);
  if (!config) return check::configuration_problems(arguments.config_path, config.error());
  if (arguments.initial_sync) config->initial_sync.mode = copying(config->initial_sync.mode);
  return check::examine(*config);
}

}  // namespace

int check(const Arguments& arguments) {
  runtime::harden_process();
  const check::Findings findings = findings_of(arguments);
  const bool refused = check::worst(findings) == check::Verdict::problem;
  return print(arguments.json ? check::as_json(findings) : check::as_table(findings),
               refused ? runtime::ExitCode::bad_configuration : runtime::ExitCode::ok);
}

}  // namespace ddsync::cli
