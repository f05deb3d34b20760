// Models from files.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "files/json.h"
#include "files/json_strings.h"
#include "files/model_file.h"
#include "files/refusal.h"
#include "serving/model_impl.h"
#include "skrnn/model.h"

namespace skrnn {
namespace {

// What `fit` of the estimator found, or nothing.
std::optional<Json> find_fitted(const std::string& description, const char* name) {
  if (description.empty()) return std::nullopt;
  std::optional<Json> found = Json::parse(description, "the description");
  for (const char* next : {"estimator", "fitted", name}) {
    if (found) found = found->find(next);
  }
  return found;
}

}  // namespace
namespace {

std::shared_ptr<const Model::Impl> make_impl(ModelFile file) {
  return std::make_shared<const Model::Impl>(file.settings, std::move(file.parameters),
                                             file.description);
}

}  // namespace

Model Model::load(const std::string& path) { return Model(make_impl(read_model_file(path))); }

Model Model::parse(const char* data, std::size_t size) {
  return Model(make_impl(parse_model_file(data, size)));
}

std::vector<std::string> Model::vocabulary() const {
  const std::optional<Json> found = find_fitted(description(), "vocabulary");
  if (!found || found->text() == "null") return {};
  std::vector<std::string> strings;
  bool all_strings = found->is_array();
  for (JsonItems items(*found); all_strings && items.next();) {
    std::optional<std::string> text = items.value().string();
    all_strings = text.has_value();
    if (text) strings.push_back(*std::move(text));
  }
  if (!all_strings) {
    refuse_file("estimator.fitted.vocabulary must be a list of strings, got " +
                in_quotes(found->text()));
  }
  return strings;
}

std::optional<TextSettings> Model::texts() const {
  const std::optional<Json> answers = find_fitted(description(), "answers");
  const std::optional<Json> kind = answers ? answers->find("kind") : std::nullopt;
  if (!kind || kind->string() != "next_tokens") return std::nullopt;
  const std::optional<Json> tokens = answers->find("tokens"), one_text = answers->find("one_text");
  if (!tokens || !tokens->string() || !one_text || !one_text->boolean()) {
    refuse_file(
        "estimator.fitted.answers must have tokens, a string, and one_text, true or false, got " +
        in_quotes(answers->text()));
  }
  return TextSettings{*tokens->string(), *one_text->boolean()};
}

}  // namespace skrnn
