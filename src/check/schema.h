// What of the source's collections and indexes the target cannot have.
#pragma once

#include <string>
#include <vector>

#include "check/context.h"
#include "check/finding.h"

namespace ddsync::check {

Findings check_schema(Context& context);

// Its judgement. `lost`: one line a thing that cannot be carried over, of `collections` in scope.
Finding judge_schema(size_t collections, const std::vector<std::string>& lost, const config::Config& config);

}  // namespace ddsync::check
