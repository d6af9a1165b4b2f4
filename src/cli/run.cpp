#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "cli/commands.h"
#include "cli/output.h"
#include "observe/log.h"

namespace ddsync::cli {
namespace {

// A terminal that takes the live line.
bool is_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

int print_config(const config::Config& config) {
  for (const std::string& warning : warnings(config)) std::cerr << "warning: " << one_line(warning) << "\n";
  std::cout << config::print(config);
  return code(runtime::ExitCode::ok);
}

}  // namespace

int run(const Arguments& arguments) {
  const auto config = config::load(arguments.config_path);
  if (!config) {
    print_problems(arguments.config_path, config.error());
    return code(runtime::ExitCode::bad_configuration);
  }
  if (arguments.print_config) return print_config(*config);
  observe::init_log(config->log_level, config->log_format);
  for (const std::string& warning : warnings(*config)) observe::log_warning(warning);
  runtime::ServiceOptions options;
  options.config = *config;
  options.reset = arguments.reset;
  options.accept_gaps = arguments.accept_gaps;
  options.progress_on_terminal = is_terminal() && config->log_format == config::LogFormat::text;
  runtime::run_service(options);
}

}  // namespace ddsync::cli
