// Masks what must never be printed: the last filter before any output.
#pragma once

#include <string>
#include <string_view>

namespace ddsync::observe {

// Replaces user name and password, and the values of secret options, of everything in `text` that looks like
// a connection string or like an option of one. Where that is not certain, more is masked rather than less.
std::string mask_credentials(std::string_view text);

}  // namespace ddsync::observe
