// Characters and strings of JSON, for its reader (json.h).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skrnn {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Bytes of the character at text[i], which is not ASCII; 0 where it is not UTF-8 (RFC 3629).
std::size_t utf8_size(std::string_view text, std::size_t i);

// The UTF-16 unit that stands at text[i] as \uXXXX, or -1. Two halves make one character.
int utf16_unit(std::string_view text, std::size_t i);
inline bool is_high_surrogate(int unit) { return unit >= 0xd800 && unit < 0xdc00; }
inline bool is_low_surrogate(int unit) { return unit >= 0xdc00 && unit < 0xe000; }

// The content of a string that has been checked, given with its quotes.
std::string decode_json_string(std::string_view text);

// Untrusted text for a message: in double quotes, truncated if it is long, and with bytes other
// than printable ASCII as \xNN.
std::string in_quotes(std::string_view text);

}  // namespace skrnn
