// Both servers: do they answer, what are they, do they fit together, do their clocks agree.
#pragma once

#include "check/context.h"
#include "check/finding.h"

namespace ddsync::check {

// Connects to both at once and leaves them in the context. One row a server, and one more for each whose
// version has known faults.
Findings check_servers(Context& context);
Findings check_pair(Context& context);
Findings check_clocks(Context& context);

// Asks the server what it is and what time it has.
mongo::Result<void> ask(Side& side);

// The rest is pure.

// A row when its version has known faults.
Findings judge_version(const Side& side);

// What is wrong with this version of open DocumentDB; "" when nothing is known.
std::string known_faults(const mongo::ServerInfo& info);

// How far the server's clock is from ours, in ms: what the time of the question does not explain. 0 when it
// does, or when the server tells no time.
int64_t clock_skew_ms(const Side& side);
Finding judge_clocks(const Side& source, const Side& target);

}  // namespace ddsync::check
