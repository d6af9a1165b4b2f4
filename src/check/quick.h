// The quick part of check, for a service that starts: a few questions to each server, whatever the number of
// collections; nothing is tried out.
#pragma once

#include "check/finding.h"
#include "runtime/at_start.h"

namespace ddsync::check {

// Warnings and problems only: what is well, and what cannot be known, is no news at every start. No verdict
// of it stops a service, which has refusals of its own.
Findings quick_look(const runtime::AtStart& start);

// "check: disk: 1.0 GiB free ...; make room ..."
std::string as_log_line(const Finding& finding);

}  // namespace ddsync::check
