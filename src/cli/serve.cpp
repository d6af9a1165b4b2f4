#include "cli/serve.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "cli/output.h"
#include "observe/log.h"

namespace ddsync::cli {
namespace {

// A terminal that takes the live line.
bool is_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

}  // namespace

config::InitialSyncMode copying(config::InitialSyncMode configured) {
  return configured == config::InitialSyncMode::off ? config::InitialSyncMode::automatic : configured;
}

void serve(runtime::ServiceOptions options) {
  const config::Config& config = options.config;
  observe::init_log(config.log_level, config.log_format);
  for (const std::string& warning : warnings(config)) observe::log_warning(warning);
  options.progress_on_terminal = is_terminal() && config.log_format == config::LogFormat::text;
  runtime::run_service(options);
}

}  // namespace ddsync::cli
