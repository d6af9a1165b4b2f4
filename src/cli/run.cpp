#include <iostream>
#include <utility>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/serve.h"
#include "mongo/endpoint.h"

namespace ddsync::cli {
namespace {

int print_config(const config::Config& config) {
  for (const std::string& warning : warnings(config)) std::cerr << "warning: " << one_line(warning) << "\n";
  return print(config::print(config));
}

}  // namespace

int run(const Arguments& arguments) {
  auto config = config::load(arguments.config_path, mongo::uri_fault);
  if (!config) {
    print_problems(arguments.config_path, config.error());
    return code(runtime::ExitCode::bad_configuration);
  }
  if (arguments.initial_sync) config->initial_sync.mode = copying(config->initial_sync.mode);
  if (arguments.print_config) return print_config(*config);
  runtime::ServiceOptions options;
  options.config = *std::move(config);
  options.reset = arguments.reset;
  options.same_source = arguments.same_source;
  options.accept_gaps = arguments.accept_gaps;
  serve(std::move(options));
}

}  // namespace ddsync::cli
