#include "state/json_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ddsync::state {

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; });
}

void append_json_string(std::string& out, std::string_view text) {
  if (is_plain(text)) {
    out.push_back('"');
    out.append(text);
    out.push_back('"');
    return;
  }
  using nlohmann::json;
  out.append(json(text).dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace ddsync::state
