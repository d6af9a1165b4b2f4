// What the users of both sides may do. The source is tried (listings, counts); at the target nothing is
// written, so there only what it tells of its user counts.
#pragma once

#include "check/context.h"
#include "check/finding.h"
#include "mongo/inspector.h"

namespace ddsync::check {

// Lists and counts what is in scope, and leaves it in the context.
Findings check_source_rights(Context& context);
Findings check_target_rights(Context& context);

// Pure: of each watched pattern the rights that a target's user lacks, "shop.*: insert, update"; empty when
// nothing is lacking. Privileges on `db.collection` count for that collection only. `indexes`: they are
// carried over.
std::vector<std::string> missing_rights(const std::vector<mongo::Privilege>& privileges,
                                        const std::vector<NamespacePattern>& watch, bool indexes);

}  // namespace ddsync::check
