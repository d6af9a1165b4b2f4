#include "cli/main.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "config/config.h"
#include "config/plain_text.h"
#include "observe/credentials.h"
#include "observe/log.h"
#include "runtime/service.h"

namespace ddsync::cli {
namespace {

using runtime::ExitCode;

constexpr const char* kDescription =
    "Keeps a target MongoDB-compatible database equal to a source, in real time, through change streams.";

constexpr const char* kFooter = R"(
Example:
  documentdb-sync --config config.yaml

Signals:
  SIGINT, SIGTERM  finish what is in flight, persist, end; a second one ends at once
  SIGUSR1          log the status now

Exit codes:
  0    ended as asked
  1    wrong configuration or command line, or a set-up that is refused
  3    the source no longer knows a stored position (gap)
  4    the target refuses a document (on_error: stop)
  5    a server refuses access: user, password, rights
  6    the state file is damaged, unreadable, of another pair, or cannot be written
  70   a broken invariant: a bug, please report it
  75   another instance runs with the same state
  130  ended at once by a second signal
)";

// More are of a file that was not meant to be the configuration.
constexpr size_t kProblemsShownMax = 100;

struct Arguments {
  std::string config_path = "config.yaml";
  bool reset = false;
  bool print_config = false;
  std::vector<std::string> accept_gaps;
};

int code(ExitCode exit_code) { return static_cast<int>(exit_code); }

void add_options(CLI::App& app, Arguments& arguments) {
  app.add_option("-c,--config", arguments.config_path, "Configuration file")
      ->type_name("FILE")
      ->capture_default_str();
  CLI::Option* reset =
      app.add_flag("--reset", arguments.reset, "Forget the state: only changes from now on are synchronised");
  app.add_option(
         "--accept-gap", arguments.accept_gaps,
         "Stream (or 'all') whose lost changes are accepted: it goes on from now. May be given repeatedly")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->excludes(reset);  // a state that is forgotten has no gap
  app.add_flag("--print-config", arguments.print_config,
               "Print the effective configuration, secrets masked, and end");
}

// What the log does with each of its lines, for those that are written before there is a log.
std::string one_line(std::string_view text) { return config::one_line(observe::mask_credentials(text)); }

std::string place(const std::string& path, const config::Problem& problem) {
  return problem.line > 0 ? fmt::format("{}:{}", path, problem.line) : path;
}

std::vector<std::string> warnings(const config::Config& config) {
  std::vector<std::string> lines;
  lines.reserve(config.warnings.size());
  for (const config::Problem& warning : config.warnings) {
    lines.push_back(fmt::format("{}: {}", place(config.path, warning), warning.text));
  }
  return lines;
}

void print_problems(const std::string& path, const std::vector<config::Problem>& problems) {
  for (size_t i = 0; i < std::min(problems.size(), kProblemsShownMax); ++i) {
    std::cerr << one_line(fmt::format("{}: {}", place(path, problems[i]), problems[i].text)) << "\n";
  }
  std::cerr << fmt::format("{} problem{} in the configuration; nothing was started\n", problems.size(),
                           problems.size() == 1 ? "" : "s");
}

// A closed one would be given to the next file opened: log lines would end up in the state.
void open_standard_streams() {
  for (int opened = ::open("/dev/null", O_RDWR); opened >= 0; opened = ::open("/dev/null", O_RDWR)) {
    if (opened <= STDERR_FILENO) continue;
    ::close(opened);
    return;
  }
}

// A terminal that takes the live line.
bool is_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

int run(const Arguments& arguments) {
  const auto config = config::load(arguments.config_path);
  if (!config) {
    print_problems(arguments.config_path, config.error());
    return code(ExitCode::bad_configuration);
  }
  if (arguments.print_config) {
    for (const std::string& warning : warnings(*config))
      std::cerr << "warning: " << one_line(warning) << "\n";
    std::cout << config::print(*config);
    return code(ExitCode::ok);
  }
  observe::init_log(config->log_level, config->log_format);
  for (const std::string& warning : warnings(*config)) observe::log_warning(warning);
  runtime::ServiceOptions options;
  options.config = *config;
  options.reset = arguments.reset;
  options.accept_gaps = arguments.accept_gaps;
  options.progress_on_terminal = is_terminal() && config->log_format == config::LogFormat::text;
  runtime::run_service(options);
}

int parse_and_run(int argc, char** argv) {
  CLI::App app(kDescription, "documentdb-sync");
  Arguments arguments;
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("documentdb-sync ") + DDSYNC_VERSION);
  add_options(app, arguments);
  // `documentdb-sync run` is the same as no subcommand; options may stand on either side of it.
  app.add_subcommand("run", "Synchronise until stopped (the default)")->fallthrough()->set_help_flag();
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    // app.help() would tell of `run` alone, which has no options of its own.
    std::cout << app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
    return code(ExitCode::ok);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << one_line(error.what()) << "\nRun documentdb-sync --help for the options.\n";
    return code(ExitCode::bad_configuration);
  }
  return run(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "unexpected failure: " << one_line(error.what()) << "\n";
    return code(ExitCode::broken_invariant);
  }
}

}  // namespace ddsync::cli
