// watch.collections, watch.exclude and watch.scope.
#pragma once

#include <string>

#include "config/yaml_document.h"

namespace ddsync::config {

// Why streams of a chosen scope cannot watch the pattern; empty when they can.
std::string scope_fault(Scope scope, const NamespacePattern& pattern);

void read_watch(const YamlDocument& yaml, Config& config);

}  // namespace ddsync::config
