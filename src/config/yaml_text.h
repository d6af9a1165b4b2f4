// From text to the tree of the one YAML document that it holds.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <tl/expected.hpp>

#include "config/config.h"

namespace ddsync::config {

// The problem quotes nothing of the text: it may be a part of a password.
tl::expected<YAML::Node, Problem> parse_yaml(const std::string& text);

}  // namespace ddsync::config
