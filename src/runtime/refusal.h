// Why the service does not start: for the log and the exit code.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "engine/output.h"
#include "runtime/service.h"

namespace ddsync::runtime {

struct Refusal {
  ExitCode code = ExitCode::bad_configuration;
  std::string text;
};

template <typename T>
using Started = tl::expected<T, Refusal>;

inline tl::unexpected<Refusal> refuse(ExitCode code, std::string text) {
  return tl::unexpected(Refusal{.code = code, .text = std::move(text)});
}

// The exit code of a service that ended by itself.
ExitCode exit_code(output::StopReason reason);

}  // namespace ddsync::runtime
