// What a detector has beside its network, from the file of a model.
#include <string>
#include <vector>

#include "files/fields.h"
#include "files/json.h"
#include "files/refusal.h"
#include "skrnn/anomaly_stream.h"

namespace skrnn {
namespace {

const std::vector<double>& units_of(const Model& model, const char* name) {
  const auto& arrays = model.settings().arrays;
  const auto found = arrays.find(name);
  if (found == arrays.end()) refuse_file("the model has no array " + std::string(name));
  return found->second;
}

}  // namespace

AnomalySettings anomaly_settings(const Model& model) {
  if (model.description().empty()) refuse_file("a model that is not from a file has no settings");
  const Fields description("metadata", Json::parse(model.description(), "the description"));
  if (!description.has("detector")) refuse_file("the model is no RNNAnomalyDetector");
  const Fields detector = description.object("detector");
  AnomalySettings settings;
  settings.rows = detector.integer("rows");
  settings.delay = detector.integer("delay");
  settings.mean = units_of(model, "units.mean");
  settings.scale = units_of(model, "units.scale");
  settings.unit = units_of(model, "units.error");
  settings.offset = detector.number("offset");
  return settings;
}

}  // namespace skrnn
