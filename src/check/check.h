// `documentdb-sync check`: looks at everything that a run depends on and says what would stop or trouble it.
// Reads only: neither server is written to; the folders of state and spool are tried with a file that is
// removed again. Bounded in time: a server that does not answer is given up.
#pragma once

#include "check/context.h"
#include "check/finding.h"

namespace ddsync::check {

// One check. Checks run in the order of all_checks(): later ones use what earlier ones left in the context.
using Check = Findings (*)(Context& context);

// Which servers a check needs an answer of; it is left out when one of them is silent.
enum class Needs : uint8_t { nothing, source, target, both };

struct NamedCheck {
  const char* name;
  Needs needs;
  Check run;
};

const std::vector<NamedCheck>& all_checks();

// Every check on a configuration that loads. Needs a mongo::Driver.
Findings examine(const config::Config& config);

// The one check on a configuration that does not load.
Findings configuration_problems(const std::string& path, const std::vector<config::Problem>& problems);

}  // namespace ddsync::check
