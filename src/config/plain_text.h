// Text of unknown origin (a file, a server) made fit for one line of a log or a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ddsync::config {

// How many bytes the UTF-8 character at the beginning of `text` has; 0 when there is none.
size_t utf8_length(std::string_view text);

// Of one UTF-8 character or byte: ASCII's control characters, and those of 8 bits (U+0080 to U+009F), some of
// which terminals obey.
bool is_control(std::string_view character);

// Of one UTF-8 character: terminals show what stands around such a mark in another order; at U+2028 and
// U+2029 some readers of logs begin a line.
bool reorders_or_separates(std::string_view character);

// What begins no new line, commands no terminal and stands in its own order: control characters become \n or
// \x1b, marks of direction \xe2\x80\xae, bytes that are no UTF-8 \xff.
std::string one_line(std::string_view text);

// ASCII letters only, whatever the locale.
std::string lower(std::string_view text);

// The first `most` of them, and how many more there are: "a, b and 3 more".
std::string some_of(const std::vector<std::string>& texts, size_t most, std::string_view separator = ", ");

}  // namespace ddsync::config
