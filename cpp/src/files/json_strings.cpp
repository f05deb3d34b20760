#include "files/json_strings.h"

namespace skrnn {
namespace {

void append_utf8(unsigned code, std::string& to) {
  const auto put = [&](unsigned byte) { to += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

}  // namespace

std::size_t utf8_size(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) -> unsigned {
    return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0;
  };
  const unsigned lead = byte(0);
  const std::size_t size = lead < 0xc2   ? 0
                           : lead < 0xe0 ? 2
                           : lead < 0xf0 ? 3
                           : lead < 0xf5 ? 4
                                         : 0;
  // The second byte rules out longer forms than needed, surrogates, and what is beyond U+10FFFF.
  const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (size == 0 || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t k = 2; k < size; ++k) {
    if (byte(k) < 0x80 || byte(k) > 0xbf) return 0;
  }
  return size;
}

int utf16_unit(std::string_view text, std::size_t i) {
  constexpr std::size_t kSize = 6;
  if (text.size() < i + kSize || text[i] != '\\' || text[i + 1] != 'u') return -1;
  const char* end = text.data() + i + kSize;
  int unit = 0;
  for (const char* c = end - 4; c < end; ++c) {
    const char lower = static_cast<char>(*c | 0x20);
    const bool is_letter = lower >= 'a' && lower <= 'f';
    if (!is_digit(*c) && !is_letter) return -1;
    unit = unit * 16 + (is_letter ? lower - 'a' + 10 : *c - '0');
  }
  return unit;
}

std::string decode_json_string(std::string_view text) {
  constexpr std::string_view kNames = "bfnrt", kControls = "\b\f\n\r\t";
  std::string result;
  for (std::size_t i = 1; i + 1 < text.size();) {
    if (text[i] != '\\') {
      result += text[i++];
      continue;
    }
    const int unit = utf16_unit(text, i);
    if (unit < 0) {
      const std::size_t control = kNames.find(text[i + 1]);
      result += control == std::string_view::npos ? text[i + 1] : kControls[control];
      i += 2;
    } else if (is_high_surrogate(unit)) {
      const int low = utf16_unit(text, i + 6);
      append_utf8(static_cast<unsigned>(0x10000 + (unit - 0xd800) * 0x400 + low - 0xdc00), result);
      i += 12;
    } else {
      append_utf8(static_cast<unsigned>(unit), result);
      i += 6;
    }
  }
  return result;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      result += c;
    } else {
      result += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return result + (text.size() > kLongest ? "...\"" : "\"");
}

}  // namespace skrnn
