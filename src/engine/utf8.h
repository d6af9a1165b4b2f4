// What the engine must know of UTF-8 to cut a text.
#pragma once

namespace ddsync {

// Of a character that began before it: no place to cut.
inline bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

}  // namespace ddsync
