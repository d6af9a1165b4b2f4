#include "runtime/refusal.h"

namespace ddsync::runtime {

ExitCode exit_code(output::StopReason reason) {
  switch (reason) {
    case output::StopReason::requested:
      return ExitCode::ok;
    case output::StopReason::gap:
      return ExitCode::gap;
    case output::StopReason::refused_document:
      return ExitCode::refused_document;
    case output::StopReason::access_denied:
      return ExitCode::access_denied;
    case output::StopReason::copy_refused:
      return ExitCode::bad_configuration;
    case output::StopReason::local_disk:
      return ExitCode::bad_state;
  }
  return ExitCode::broken_invariant;
}

}  // namespace ddsync::runtime
