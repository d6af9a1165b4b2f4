#include <utility>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/serve.h"
#include "mongo/endpoint.h"

namespace ddsync::cli {

int copy(const Arguments& arguments) {
  auto config = config::load(arguments.config_path, mongo::uri_fault);
  if (!config) {
    print_problems(arguments.config_path, config.error());
    return code(runtime::ExitCode::bad_configuration);
  }
  runtime::ServiceOptions options;
  options.config = *std::move(config);
  options.config.initial_sync.mode = copying(options.config.initial_sync.mode);
  options.copy_only = true;
  serve(std::move(options));
}

}  // namespace ddsync::cli
