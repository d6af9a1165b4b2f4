// Base64 (RFC 4648) for bytes that Extended JSON cannot carry unchanged.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bson/view.h"

namespace ddsync::state {

std::string to_base64(std::string_view bytes);
std::string to_base64(DocumentView document);
// Nothing when `text` is not canonical padded base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace ddsync::state
