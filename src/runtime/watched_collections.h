// The collections in scope that the source has now; listed ones also when it has not.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "config/config.h"
#include "mongo/reader.h"
#include "runtime/patience.h"

namespace ddsync::runtime {

// `on_problem` is told what cannot be listed, and why: that is left out. So is what is not listed when the
// patience is over.
std::set<Namespace> watched_collections(
    mongo::Reader& source, const config::Config& config, const Patience& patience,
    const std::function<void(const std::string& what, const Error& why)>& on_problem);

}  // namespace ddsync::runtime
