#include "cli/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <system_error>

#include "config/plain_text.h"
#include "observe/credentials.h"

namespace ddsync::cli {
namespace {

// More are of a file that was not meant to be the configuration.
constexpr size_t kProblemsShownMax = 100;

std::string place(const std::string& path, const config::Problem& problem) {
  return problem.line > 0 ? fmt::format("{}:{}", path, problem.line) : path;
}

}  // namespace

int print(std::string_view text, runtime::ExitCode done) {
  std::cout << text << std::flush;
  if (std::cout) return code(done);
  std::cerr << "standard output cannot be written: " << std::generic_category().message(errno) << "\n";
  return code(runtime::ExitCode::bad_configuration);
}

std::string one_line(std::string_view text) { return config::one_line(observe::mask_credentials(text)); }

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

}  // namespace ddsync::cli
