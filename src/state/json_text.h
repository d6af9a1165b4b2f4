// Writing JSON text directly, without a tree: checkpoints of thousands of streams are written many times a
// second.
#pragma once

#include <string>
#include <string_view>

namespace ddsync::state {

// `text` as a JSON string, quotes included. Bytes that are not UTF-8 are replaced by U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// Printable ASCII without quotes and backslashes: its JSON string is the text itself.
bool is_plain(std::string_view text);

}  // namespace ddsync::state
