#include "network/transitions.h"

#include <algorithm>

namespace skrnn {

Transitions::Transitions(ParameterList& parameters, const std::string& name, std::int64_t labels) {
  const auto add = [&](const char* what, const std::vector<std::int64_t>& shape) {
    Parameter parameter;
    parameter.name = name + what;
    parameter.shape = shape;
    parameter.remedy = "use fewer labels, or train without transitions";
    return parameters.add(parameter);
  };
  offset_ = add(".transitions", {labels, labels});
  add(".start", {labels});
  add(".end", {labels});
  size_ = parameters.size() - offset_;
}

void Transitions::append(float* outputs_end) const { std::copy_n(scores_, size_, outputs_end); }

void Transitions::backward(const float* doutputs_end, float* gradient) const {
  std::copy_n(doutputs_end, size_, gradient + offset_);
}

}  // namespace skrnn
