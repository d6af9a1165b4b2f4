// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace ddsync::observe {

// 1234567 -> "1 234 567".
std::string grouped(uint64_t number);

// "45s", "1m12s", "2h05m", "3d04h".
std::string duration_text(double seconds);

}  // namespace ddsync::observe
