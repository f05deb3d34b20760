// Members of the objects in a description, checked as they are read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "files/json.h"
#include "files/json_strings.h"
#include "files/refusal.h"

namespace skrnn {

// Whether a text can be a name that this library defines (a cell, a loss, ...), short enough to
// repeat in a message.
inline bool is_word(const std::string& text) {
  constexpr std::size_t kLongest = 40;
  return text.size() <= kLongest &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.") == std::string::npos;
}

// An object of the description. Access to a member throws if it is missing or of another type.
class Fields {
 public:
  Fields(std::string path, const Json& object) : path_(std::move(path)), object_(object) {
    if (!object.is_object())
      refuse_file(path_ + " must be an object, got " + in_quotes(object.text()));
  }

  bool has(const char* name) const { return object_.find(name).has_value(); }
  Json get(const char* name) const {
    const auto value = object_.find(name);
    if (!value) refuse_file(path_ + " has no \"" + name + "\"");
    return *value;
  }
  std::int64_t integer(const char* name) const {
    return require(get(name).integer(), name, "an integer of 64 bits");
  }
  // 0 if there is no such member.
  std::int64_t optional_integer(const char* name) const { return has(name) ? integer(name) : 0; }
  bool optional_boolean(const char* name) const { return has(name) && boolean(name); }
  double number(const char* name) const {
    return require(get(name).number(), name, "a number in the range of float64");
  }
  bool boolean(const char* name) const {
    return require(get(name).boolean(), name, "true or false");
  }
  std::string word(const char* name) const {
    const std::string word = require(get(name).string(), name, "a string");
    if (!is_word(word)) refuse_file(path_ + "." + name + " is unknown: " + in_quotes(word));
    return word;
  }
  Fields object(const char* name) const { return Fields(path_ + "." + name, get(name)); }
  Json list(const char* name) const {
    const Json value = get(name);
    if (!value.is_array()) wrong_type(name, "a list");
    return value;
  }
  Json json() const { return object_; }
  // The name of a list's element in messages.
  std::string place(const char* name, std::size_t i) const {
    return path_ + "." + name + "[" + std::to_string(i) + "]";
  }

 private:
  template <class T>
  T require(std::optional<T> value, const char* name, const char* type) const {
    if (!value) wrong_type(name, type);
    return *std::move(value);
  }
  [[noreturn]] void wrong_type(const char* name, const char* type) const {
    refuse_file(path_ + "." + name + " must be " + type + ", got " + in_quotes(get(name).text()));
  }

  std::string path_;
  Json object_;
};

}  // namespace skrnn
