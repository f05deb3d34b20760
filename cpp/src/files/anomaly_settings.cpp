// What a detector has beside its network, from the file of a model.
#include <optional>
#include <string>
#include <vector>

#include "files/fields.h"
#include "files/json.h"
#include "files/refusal.h"
#include "skrnn/model.h"

namespace skrnn {
namespace {

const std::vector<double>& units_of(const Model& model, const char* name) {
  const auto& arrays = model.settings().arrays;
  const auto found = arrays.find(name);
  if (found == arrays.end()) refuse_file("the detector has no array " + std::string(name));
  return found->second;
}

}  // namespace

std::optional<AnomalySettings> Model::anomalies() const {
  if (description().empty()) return std::nullopt;
  const Json root = Json::parse(description(), "the description");
  const auto found = root.find("detector");
  if (!found || found->text() == "null") return std::nullopt;
  const Fields detector("detector", *found);
  AnomalySettings result;
  result.rows = detector.integer("rows");
  result.delay = detector.integer("delay");
  result.mean = units_of(*this, "units.mean");
  result.scale = units_of(*this, "units.scale");
  result.unit = units_of(*this, "units.error");
  result.offset = detector.number("offset");
  return result;
}

}  // namespace skrnn
