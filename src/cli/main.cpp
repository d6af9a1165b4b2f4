#include "cli/main.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "mongo/endpoint.h"
#include "runtime/signals.h"

namespace ddsync::cli {
namespace {

using runtime::ExitCode;

constexpr const char* kDescription =
    "Keeps a target MongoDB-compatible database equal to a source, in real time, through change streams.";

constexpr const char* kFooter = R"(
Example:
  documentdb-sync check --config config.yaml
  documentdb-sync --config config.yaml

Signals:
  SIGINT, SIGTERM, SIGHUP  finish what is in flight, persist, end; a second one ends at once
  SIGUSR1                  log the status now

Exit codes:
  0    ended as asked
  1    wrong configuration or command line, or a set-up that is refused
  3    the source no longer knows a stored position (gap)
  4    the target refuses a document (on_error: stop)
  5    a server refuses access: user, password, rights
  6    the state file is damaged, unreadable, of another pair or source, or cannot be written
  70   a broken invariant: a bug, please report it; or memory or threads ran out
  75   another instance runs with the same state
  130  ended at once by a second signal, or because something hung after the first
)";

constexpr const char* kCopyFooter = R"(
A copy that was interrupted goes on where it was, by this command or by a run with initial_sync.mode: auto.
Exit code 0 when all is copied; the others are those of run.
)";

constexpr const char* kCheckFooter = R"(
Nothing is written to either server.

Exit codes:
  0    nothing stands against a run; warnings are for you to judge
  1    a run would be refused or fail: see the rows that say problem
)";

void add_config(CLI::App& app, Arguments& arguments) {
  app.add_option("-c,--config", arguments.config_path, "Configuration file")
      ->type_name("FILE")
      ->capture_default_str();
}

void add_options(CLI::App& app, Arguments& arguments) {
  add_config(app, arguments);
  CLI::Option* reset =
      app.add_flag("--reset", arguments.reset, "Forget the state: only changes from now on are synchronised");
  app.add_option(
         "--accept-gap", arguments.accept_gaps,
         "Stream (or 'all') whose lost changes are accepted: it goes on from now. May be given repeatedly")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->excludes(reset);  // a state that is forgotten has no gap
  app.add_flag("--same-source", arguments.same_source,
               "Go on with the saved positions although the source looks like another server than theirs")
      ->excludes(reset);
  app.add_flag("--initial-sync", arguments.initial_sync,
               "Copy what exists and has no saved position yet, also when initial_sync.mode is off");
  app.add_flag("--print-config", arguments.print_config,
               "Print the effective configuration, secrets masked, and end");
}

// A closed one would be given to the next file opened: log lines would end up in the state.
void open_standard_streams() {
  for (int opened = ::open("/dev/null", O_RDWR); opened >= 0; opened = ::open("/dev/null", O_RDWR)) {
    if (opened <= STDERR_FILENO) continue;
    ::close(opened);
    return;
  }
}

// `documentdb-sync run` is the same as no subcommand; options may stand on either side of it.
void add_run(CLI::App& app) {
  app.add_subcommand("run", "Synchronise until stopped (the default)")->fallthrough()->set_help_flag();
}

CLI::App* add_copy(CLI::App& app, Arguments& arguments) {
  CLI::App* command = app.add_subcommand(
      "copy",
      "Copy what exists, with the changes made meanwhile; end when both sides are equal up to that point");
  add_config(*command, arguments);
  command->footer(kCopyFooter);
  return command;
}

CLI::App* add_check(CLI::App& app, Arguments& arguments) {
  CLI::App* command = app.add_subcommand(
      "check",
      "Look at both servers, the rights, the change streams, the disk; say what would go wrong, and end");
  add_config(*command, arguments);
  command->add_flag("--initial-sync", arguments.initial_sync,
                    "Check for a run with --initial-sync, or for a copy, also when initial_sync.mode is off");
  command->add_flag("--json", arguments.json, "One JSON object instead of a table");
  command->footer(kCheckFooter);
  return command;
}

// Options of a run that stand before another command.
void refuse_options_of_run(const Arguments& arguments) {
  const bool copies_anyway = arguments.command == Command::copy && arguments.initial_sync;
  if (arguments.reset || arguments.same_source || arguments.print_config || copies_anyway ||
      !arguments.accept_gaps.empty()) {
    throw CLI::ParseError(
        "--reset, --accept-gap, --same-source, --initial-sync and --print-config are options of run",
        CLI::ExitCodes::ExtrasError);
  }
}

int parse_and_run(int argc, char** argv) {
  CLI::App app(kDescription, "documentdb-sync");
  Arguments arguments;
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("documentdb-sync ") + DDSYNC_VERSION);
  add_options(app, arguments);
  app.require_subcommand(0, 1);
  add_run(app);
  const CLI::App* copy_command = add_copy(app, arguments);
  const CLI::App* check_command = add_check(app, arguments);
  try {
    app.parse(argc, argv);
    if (copy_command->parsed()) arguments.command = Command::copy;
    if (check_command->parsed()) arguments.command = Command::check;
    if (arguments.command != Command::run) refuse_options_of_run(arguments);
  } catch (const CLI::CallForHelp&) {
    // app.help() would tell of `run` alone, which has no options of its own.
    return print(copy_command->parsed() || check_command->parsed()
                     ? app.help()
                     : app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << one_line(error.what()) << "\nRun documentdb-sync --help for the options.\n";
    return code(ExitCode::bad_configuration);
  }
  const mongo::Driver driver;
  switch (arguments.command) {
    case Command::run:
      return run(arguments);
    case Command::copy:
      return copy(arguments);
    case Command::check:
      return check(arguments);
  }
  return code(ExitCode::broken_invariant);
}

}  // namespace

int main(int argc, char** argv) {
  runtime::keep_signals_of_process_1();
  open_standard_streams();
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "unexpected failure: " << one_line(error.what()) << "\n";
    return code(ExitCode::broken_invariant);
  }
}

}  // namespace ddsync::cli
