// What the users of both sides may do. The source is tried (listings, counts); at the target nothing is
// written, so there only what it tells of its user counts.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "check/context.h"
#include "check/finding.h"
#include "mongo/inspector.h"

namespace ddsync::check {

// Lists and counts what is in scope, and leaves it in the context.
Findings check_source_rights(Context& context);
Findings check_target_rights(Context& context);

// The rest is pure.

// What a target's user must be allowed to do; `indexes`: they are carried over.
std::vector<std::string_view> target_actions(bool indexes);

// Of each watched pattern those of `needed` that a user lacks, "shop.*: insert, update"; empty when nothing
// is lacking. Privileges on `db.collection` count for that collection only.
std::vector<std::string> missing_rights(const std::vector<mongo::Privilege>& privileges,
                                        const std::vector<NamespacePattern>& watch,
                                        std::span<const std::string_view> needed);

// From what a server tells of its user; only where it tells privileges.
Finding judge_source_rights(const mongo::Rights& rights, const config::Config& config);
Finding judge_target_rights(const mongo::Rights& rights, const config::Config& config);

}  // namespace ddsync::check
