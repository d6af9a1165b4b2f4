// Whether the source is the one that the saved positions are of (DESIGN invariant 6). A position means
// nothing to another server, and some servers go on from it without a word: behind one address, such as a
// forwarded port, there may be another cluster today.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/config.h"
#include "engine/checkpoint.h"
#include "runtime/refusal.h"
#include "runtime/servers.h"

namespace ddsync::runtime {

enum class Sameness : uint8_t {
  same,      // or nothing speaks against it
  doubtful,  // its one collection that is known is another one today
  other,
};

struct Likeness {
  Sameness sameness = Sameness::same;
  std::string reason;           // empty when it is the same
  bool by_collections = false;  // a change of them may tell why
};

// `now`: with all collections of the databases that `known` names.
Likeness compare(const SourceIdentity& known, const SourceIdentity& now);

// Some of its collections: what is remembered of it.
SourceIdentity remembered(const SourceIdentity& now);

// The collections that both know, and are the same.
SourceIdentity in_common(const SourceIdentity& known, const SourceIdentity& now);

// For the operator, with what to do.
std::string describe(const Likeness& likeness);

// Whether nothing may be read of such a source from the positions of `checkpoint`. What the spool holds, or
// what a process that was killed had not applied yet, may tell that collections were made anew.
bool is_refused(const Likeness& likeness, const Checkpoint& checkpoint);

// What lies out of scope is left out: no stream would tell that it was made anew. Takes a few seconds at
// most. What was not listed is as in `known`.
SourceIdentity ask_source(mongo::Endpoint& source, const mongo::ServerInfo& info,
                          const config::Config& config, const SourceIdentity& known);

// Asks the source who it is and gives what is to be remembered; refuses one that is another than `known`
// (ExitCode::bad_state), unless `accepted`. A source that does not tell counts as the same.
Started<std::shared_ptr<const SourceIdentity>> check_source(const Servers& servers,
                                                            const config::Config& config,
                                                            const std::optional<Checkpoint>& checkpoint,
                                                            bool accepted);

}  // namespace ddsync::runtime
