// What a file in PEM form holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ddsync::config {

// The name of each block, such as "CERTIFICATE" or "RSA PRIVATE KEY", up to the first that is damaged; none
// of a text that is not PEM. Nothing is decrypted.
std::vector<std::string> pem_blocks(std::string_view text);

}  // namespace ddsync::config
