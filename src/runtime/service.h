// The running service: threads, inbox and timers around one engine.
// One thread per open stream (blocking getMore), one per writer, one for checkpoints and dead letters, one
// for comparisons; the calling thread runs the engine.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "runtime/at_start.h"

namespace ddsync::runtime {

struct ServiceOptions {
  config::Config config;
  bool reset = false;
  std::vector<std::string> accept_gaps;  // scopes, or "all": forget their positions, start from now
  bool same_source = false;  // go on with the saved positions, although the source looks like another one
  bool copy_only = false;    // end when what existed is copied and both sides are equal up to that point
  bool progress_on_terminal = false;
  LookAtStart look_at_start;  // may be none
};

// Exit codes of the program; documented in README.md and --help.
enum class ExitCode : int {
  ok = 0,
  bad_configuration = 1,  // configuration, command line, refused set-up
  gap = 3,                // the source no longer knows a stored position
  refused_document = 4,   // on_error: stop
  access_denied = 5,      // authentication or authorisation
  bad_state = 6,          // state file damaged, unreadable, of another pair, or not writable
  broken_invariant = 70,
  second_instance = 75,
  stopped_at_once = 130,  // second signal, or too long after the first
};

// Runs until SIGINT/SIGTERM/SIGHUP or a reason to stop, then ends the process with an ExitCode; logs
// everything itself. Installs its own signal handlers (SIGINT, SIGTERM, SIGHUP, SIGUSR1). Needs a
// mongo::Driver, and no other thread.
[[noreturn]] void run_service(const ServiceOptions& options);

}  // namespace ddsync::runtime
