// A reader of JSON (RFC 8259) for untrusted input.
//
// A document is checked as a whole before any of it is read, in a loop and not by recursion. A
// value is then a view of its text, and what is in it is found by reading it from its start.
//
// Where the standard leaves a choice, this reader refuses: a name that comes twice in one object,
// more than 64 containers inside one another, a byte order mark, half of a surrogate pair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skrnn {

// A value in a document, good for as long as the document's text.
class Json {
 public:
  // Throws std::invalid_argument that says what is wrong at which byte; `what` names the document.
  static Json parse(std::string_view text, const std::string& what);

  std::string_view text() const { return text_; }
  bool is_object() const { return text_.front() == '{'; }
  bool is_array() const { return text_.front() == '['; }

  // No value if it is of another type, or outside of the range of the result. An integer has
  // neither a point nor an exponent; a number too small for float64 is outside of its range.
  std::optional<std::int64_t> integer() const;
  std::optional<double> number() const;
  std::optional<bool> boolean() const;
  std::optional<std::string> string() const;

  // Elements of an array or members of an object; 0 for others. Reads them all.
  std::size_t size() const;
  // The member of an object, or nothing. Reads the object from its start.
  std::optional<Json> find(std::string_view name) const;

 private:
  friend class JsonItems;
  explicit Json(std::string_view text) : text_(text) {}

  std::string_view text_;
};

// The elements of an array or the members of an object, in their order. Other values have none.
//   for (JsonItems items(array); items.next();) use(items.value());
class JsonItems {
 public:
  explicit JsonItems(Json container);

  bool next();
  Json value() const { return value_; }
  std::string name() const { return *name_.string(); }  // of a member

 private:
  std::string_view text_;
  bool has_names_;
  std::size_t at_;
  Json name_, value_;
};

}  // namespace skrnn
