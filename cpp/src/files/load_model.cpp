// Models from files.
#include <memory>
#include <utility>

#include "files/model_file.h"
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

}  // namespace skrnn
