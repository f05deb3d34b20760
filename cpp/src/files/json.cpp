#include "files/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <deque>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "files/json_strings.h"

#ifndef __cpp_lib_to_chars  // Apple's library lacks std::from_chars for floating point
#include <stdlib.h>
#include <xlocale.h>
#endif

namespace skrnn {
namespace {

constexpr std::size_t kDeepest = 64;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The index one past the end of the value that begins at text[i], in checked text.
std::size_t end_of_value(std::string_view text, std::size_t i) {
  std::size_t depth = 0;
  do {
    switch (text[i]) {
      case '{':
      case '[':
        ++depth;
        ++i;
        break;
      case '}':
      case ']':
        --depth;
        ++i;
        break;
      case '"':
        for (++i; text[i] != '"'; ++i) i += text[i] == '\\';
        ++i;
        break;
      default:  // a number, a literal, or a separator
        i = std::min(text.find_first_of("{}[]\", \t\n\r", i + 1), text.size());
    }
  } while (depth > 0);
  return i;
}

// Checks a document in one pass.
class Checker {
 public:
  Checker(std::string_view text, const std::string& what) : text_(text), what_(what) {}

  std::string_view document() {
    skip_spaces();
    const std::size_t begin = at_;
    value();
    while (!open_.empty()) {
      skip_spaces();
      if (peek() == open_.back().closing) {
        close();
        continue;
      }
      if (open_.back().has_items) {
        if (peek() != ',') fail("expected a comma or the end of the list");
        ++at_;
        skip_spaces();
      }
      open_.back().has_items = true;
      if (open_.back().closing == '}') name();
      value();
    }
    const std::size_t end = at_;
    skip_spaces();
    if (at_ < text_.size()) fail("expected nothing more");
    return text_.substr(begin, end - begin);
  }

 private:
  struct Container {
    char closing;
    bool has_items;
    std::size_t first_name;  // in names_
  };

  // The next character; at the end of the text NUL, which JSON allows nowhere.
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  [[noreturn]] void fail(const std::string& wrong) const {
    throw std::invalid_argument(what_ + " is not JSON: " + wrong + " at byte " +
                                std::to_string(at_) + " of " + std::to_string(text_.size()));
  }

  void skip_spaces() {
    while (is_space(peek())) ++at_;
  }

  // A scalar, or the opening of a container.
  void value() {
    switch (peek()) {
      case '{':
        return open('}');
      case '[':
        return open(']');
      case '"':
        return string();
      case 't':
        return literal("true");
      case 'f':
        return literal("false");
      case 'n':
        return literal("null");
      default:
        return number();
    }
  }

  void open(char closing) {
    if (open_.size() == kDeepest) fail("more than 64 lists and objects inside one another");
    ++at_;
    open_.push_back({closing, false, names_.size()});
  }

  void close() {
    ++at_;
    const auto first = names_.begin() + static_cast<std::ptrdiff_t>(open_.back().first_name);
    std::sort(first, names_.end());
    const auto twice = std::adjacent_find(first, names_.end());
    if (twice != names_.end()) {
      fail("the name " + in_quotes(*twice) + " twice in the object that ends");
    }
    names_.erase(first, names_.end());
    open_.pop_back();
  }

  void name() {
    if (peek() != '"') fail("expected a name in double quotes");
    const std::size_t begin = at_;
    string();
    const std::string_view raw = text_.substr(begin, at_ - begin);
    if (raw.find('\\') == std::string_view::npos) {
      names_.push_back(raw.substr(1, raw.size() - 2));
    } else {
      names_.push_back(decoded_.emplace_back(decode_json_string(raw)));
    }
    skip_spaces();
    if (peek() != ':') fail("expected a colon");
    ++at_;
    skip_spaces();
  }

  void string() {
    ++at_;
    while (peek() != '"') {
      const auto c = static_cast<unsigned char>(peek());
      if (at_ == text_.size()) fail("a string without its end");
      if (c < 0x20) fail("a control character inside a string");
      if (c == '\\') {
        escape();
      } else if (c < 0x80) {
        ++at_;
      } else {
        const std::size_t size = utf8_size(text_, at_);
        if (size == 0) fail("a byte that is not UTF-8");
        at_ += size;
      }
    }
    ++at_;
  }

  void escape() {
    const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (kind != 'u') {
      if (std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) {
        fail("an unknown escape inside a string");
      }
      at_ += 2;
      return;
    }
    const int unit = utf16_unit(text_, at_);
    if (unit < 0) fail("an escape without its four hexadecimal digits");
    const bool is_pair = is_high_surrogate(unit) && is_low_surrogate(utf16_unit(text_, at_ + 6));
    if (!is_pair && (is_high_surrogate(unit) || is_low_surrogate(unit))) {
      fail("half of a surrogate pair");
    }
    at_ += is_pair ? 12 : 6;
  }

  void literal(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) fail("expected a value");
    at_ += word.size();
  }

  void number() {
    if (peek() == '-') ++at_;
    if (!is_digit(peek())) fail("expected a value");
    if (peek() == '0') {
      ++at_;
      if (is_digit(peek())) fail("a number with a leading zero");
    } else {
      digits();
    }
    if (peek() == '.') {
      ++at_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits();
    }
  }

  void digits() {
    if (!is_digit(peek())) fail("a number without its digits");
    while (is_digit(peek())) ++at_;
  }

  std::string_view text_;
  const std::string& what_;
  std::size_t at_ = 0;
  std::vector<Container> open_;  // from outside to inside
  // The names of the members of all open objects. A deque grows without moving its elements.
  std::deque<std::string_view> names_;
  std::deque<std::string> decoded_;  // names that have escapes
};

}  // namespace

Json Json::parse(std::string_view text, const std::string& what) {
  return Json(Checker(text, what).document());
}

std::optional<std::int64_t> Json::integer() const {
  std::int64_t result = 0;
  const char* end = text_.data() + text_.size();
  const auto [stop, error] = std::from_chars(text_.data(), end, result);
  if (error != std::errc() || stop != end) return std::nullopt;
  return result;
}

std::optional<double> Json::number() const {
  if (text_.front() != '-' && !is_digit(text_.front())) return std::nullopt;
#ifdef __cpp_lib_to_chars
  double result = 0;
  const auto read = std::from_chars(text_.data(), text_.data() + text_.size(), result);
  if (read.ec != std::errc()) return std::nullopt;
#else
  const double result = strtod_l(std::string(text_).c_str(), nullptr, LC_C_LOCALE);
  const bool is_zero = text_.substr(0, text_.find_first_of("eE")).find_first_of("123456789") ==
                       std::string_view::npos;
  if (!std::isfinite(result) || (result == 0 && !is_zero)) return std::nullopt;
#endif
  return result;
}

std::optional<bool> Json::boolean() const {
  if (text_ == "true") return true;
  if (text_ == "false") return false;
  return std::nullopt;
}

std::optional<std::string> Json::string() const {
  if (text_.front() != '"') return std::nullopt;
  return decode_json_string(text_);
}

std::size_t Json::size() const {
  std::size_t count = 0;
  for (JsonItems items(*this); items.next();) ++count;
  return count;
}

std::optional<Json> Json::find(std::string_view name) const {
  if (!is_object()) return std::nullopt;
  for (JsonItems items(*this); items.next();) {
    if (items.name() == name) return items.value();
  }
  return std::nullopt;
}

JsonItems::JsonItems(Json container)
    : text_(container.text()),
      has_names_(container.is_object()),
      at_(container.is_object() || container.is_array() ? 1 : text_.size()),
      name_(text_),
      value_(text_) {}

bool JsonItems::next() {
  const auto read = [this] {
    const std::size_t begin = std::min(text_.find_first_not_of(" \t\n\r,:", at_), text_.size());
    at_ = begin + 1 < text_.size() ? end_of_value(text_, begin) : begin;
    return Json(text_.substr(begin, at_ - begin));
  };
  const Json first = read();
  if (first.text().empty()) return false;
  name_ = first;
  value_ = has_names_ ? read() : first;
  return true;
}

}  // namespace skrnn
