// From text to the tree of the one YAML document that it holds.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "config/config.h"

namespace ddsync::config {

// The problem quotes nothing of the text: it may be a part of a password.
tl::expected<YAML::Node, Problem> parse_yaml(const std::string& text);

// The line of a value that may be empty. yaml-cpp gives such a one the place of what follows it.
int line_of_value(std::string_view text, const YAML::Node& value);

}  // namespace ddsync::config
