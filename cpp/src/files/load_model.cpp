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
  if (description().empty()) return {};
  std::optional<Json> found = Json::parse(description(), "the description");
  for (const char* name : {"estimator", "fitted", "vocabulary"}) {
    if (found) found = found->find(name);
  }
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

}  // namespace skrnn
