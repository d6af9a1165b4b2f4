// Findings as text. Every text of them passes the mask of credentials here, and none begins a line of its
// own. Pure.
#pragma once

#include <string>

#include "check/finding.h"

namespace ddsync::check {

// A table for people, one row a finding, with a sentence on the whole at its end.
std::string as_table(const Findings& findings);

// {"verdict": "warning", "checks": [{"check", "verdict", "found", "remedy"}, ...]} on one line.
std::string as_json(const Findings& findings);

}  // namespace ddsync::check
