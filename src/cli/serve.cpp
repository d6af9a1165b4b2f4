#include "cli/serve.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <string_view>

#include "check/quick.h"
#include "cli/output.h"
#include "observe/log.h"

namespace ddsync::cli {
namespace {

// A terminal that takes the live line.
bool is_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

// What it finds is for the log only; a look that fails is no reason to end a service that works.
void log_quick_look(const runtime::AtStart& start) {
  try {
    for (const check::Finding& finding : check::quick_look(start))
      observe::log_warning(check::as_log_line(finding));
  } catch (const std::exception& failure) {
    observe::log_debug(fmt::format("the check at the start did not end: {}", failure.what()));
  }
}

}  // namespace

CopyMode copying(CopyMode configured) {
  return configured == CopyMode::off ? CopyMode::automatic : configured;
}

void serve(runtime::ServiceOptions options) {
  const config::Config& config = options.config;
  observe::init_log(config.log_level, config.log_format);
  for (const std::string& warning : warnings(config)) observe::log_warning(warning);
  options.progress_on_terminal = is_terminal() && config.log_format == config::LogFormat::text;
  options.look_at_start = log_quick_look;
  runtime::run_service(options);
}

}  // namespace ddsync::cli
