// How errors of the local disk are made: always with the path, the cause and what to do about it.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "engine/error.h"

namespace ddsync::state {

// An operation on a file failed; the cause (a full disk, an outage of the volume) may pass.
tl::unexpected<Error> io_error(std::string_view action, const std::string& path, int error_number);

// A file that must not be used as it is: nothing gets better by itself.
tl::unexpected<Error> fatal_error(std::string_view code_name, std::string message);

}  // namespace ddsync::state
