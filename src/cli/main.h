// The command line: `documentdb-sync [run] --config config.yaml [--reset] ...`
#pragma once

namespace ddsync::cli {

// Returns the exit code of the process (runtime::ExitCode). Never throws.
int main(int argc, char** argv);

}  // namespace ddsync::cli
