// watch.collections, watch.exclude and watch.scope.
#pragma once

#include "config/yaml_document.h"

namespace ddsync::config {

void read_watch(const YamlDocument& yaml, Config& config);

}  // namespace ddsync::config
