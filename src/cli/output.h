// What is written before there is a log, or instead of one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "runtime/service.h"

namespace ddsync::cli {

inline int code(runtime::ExitCode exit_code) { return static_cast<int>(exit_code); }

// To standard output: `done`, the exit code, or the one of what could not be written, which is told.
int print(std::string_view text, runtime::ExitCode done = runtime::ExitCode::ok);

// What the log does with each of its lines: credentials masked, control characters escaped.
std::string one_line(std::string_view text);

// "config.yaml:5: source: ..." for each.
std::vector<std::string> warnings(const config::Config& config);

// To standard error, with their number at the end.
void print_problems(const std::string& path, const std::vector<config::Problem>& problems);

}  // namespace ddsync::cli
