#include "runtime/copy_verdict.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <system_error>

#include "observe/log.h"

namespace ddsync::runtime {
namespace {

constexpr std::chrono::seconds kLookPatience{10};

// Of an earlier run: documents that no copy brings.
bool has_letters(const DurableState& state) {
  std::error_code error;
  const auto size = std::filesystem::file_size(state.dead_letters->path(), error);
  return !error && size > 0;
}

}  // namespace

ExitCode judge_copy(const DurableState& state, const StartLook& look) {
  if (has_letters(state)) {
    observe::log_error(fmt::format(
        "but {} holds documents that the target refused in an earlier run: apply them and move it away",
        state.dead_letters->path()));
    return ExitCode::refused_document;
  }
  if (!state.checkpoint) {
    return ExitCode::ok;
  }
  const auto lost = look.collections_lost(kLookPatience);
  if (!lost) {
    observe::log_warning(fmt::format(
        "whether the target still has the collections of an earlier run is not known: it did not answer "
        "within {} s, or with an error",
        kLookPatience.count()));
  } else if (*lost > 0) {
    observe::log_error(fmt::format(
        "but the target had lost {} collections of an earlier run when this one began (see above)", *lost));
    return ExitCode::refused_document;
  }
  observe::log_info(
      "what an earlier run had copied is not compared; documentdb-sync check counts both sides");
  return ExitCode::ok;
}

}  // namespace ddsync::runtime
