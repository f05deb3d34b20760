#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "base/choice.h"
#include "skrnn/layer.h"
#include "skrnn/network.h"

namespace skrnn {
namespace {

void require_positive(std::int64_t value, const char* name) {
  if (value < 1) {
    throw std::invalid_argument(std::string(name) + " must be at least 1, got " +
                                std::to_string(value));
  }
}

struct NamedPooling {
  const char* name;
  Pooling pooling;
};
constexpr NamedPooling kPoolings[] = {{"last", Pooling::kLast},
                                      {"mean", Pooling::kMean},
                                      {"max", Pooling::kMax},
                                      {"attention", Pooling::kAttention},
                                      {"last_mean_max", Pooling::kLastMeanMax},
                                      {"every_step", Pooling::kEveryStep}};

}  // namespace

Pooling find_pooling(const std::string& name) {
  return choose(std::begin(kPoolings), std::end(kPoolings), name, "pooling").pooling;
}

NetworkLayout::NetworkLayout(const NetworkSettings& settings) : settings_(settings) {
  const CellInfo cell = cell_info(settings.cell);
  require_positive(settings.input_size, "input_size");
  require_positive(settings.hidden_size, "hidden_size");
  require_positive(settings.num_layers, "num_layers");
  require_positive(settings.output_size, "output_size");
  if (settings.embedding_size < 0) {
    throw std::invalid_argument("embedding_size must not be negative, got " +
                                std::to_string(settings.embedding_size));
  }

  constexpr std::int64_t kMostUnits = std::int64_t{1} << 40;
  for (const std::int64_t n :
       {settings.input_size, settings.embedding_size, settings.hidden_size, settings.output_size}) {
    if (n > kMostUnits) throw std::invalid_argument("the model would be too large");
  }
  if (settings.num_layers > 1'000'000) {
    throw std::invalid_argument("num_layers must be at most 1000000, got " +
                                std::to_string(settings.num_layers));
  }

  if (settings.reads_tokens()) {
    add("embedding.weight", {settings.input_size, settings.embedding_size}, false);
  }
  for (std::int64_t layer = 0; layer < settings.num_layers; ++layer) {
    for (std::int64_t direction = 0; direction < directions(); ++direction) {
      const std::string end = "_l" + std::to_string(layer) + (direction == 1 ? "_reverse" : "");
      const std::int64_t inputs = layer == 0 ? layer_inputs() : features();
      for (const ParameterInfo& parameter : cell.parameters) {
        std::vector<std::int64_t> shape{parameter.rows.of(inputs, settings.hidden_size)};
        if (!parameter.is_vector()) {
          shape.push_back(parameter.columns.of(inputs, settings.hidden_size));
        }
        add(std::string("rnn.") + parameter.name + end, shape, parameter.decays);
      }
    }
  }
  if (settings.pooling == Pooling::kAttention) add("attention.weight", {1, features()}, true);
  add("head.weight", {settings.output_size, head_inputs()}, true);
  add("head.bias", {settings.output_size}, false);
}

std::int64_t NetworkLayout::index_of(const std::string& name) const {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].name == name) return static_cast<std::int64_t>(i);
  }
  return -1;
}

std::string NetworkLayout::memory_text(std::int64_t copies) const {
  const Parameter& most =
      *std::max_element(parameters_.begin(), parameters_.end(),
                        [](const Parameter& a, const Parameter& b) { return a.size < b.size; });
  std::string shape;
  for (const std::int64_t n : most.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(n);
  const bool embeds = most.name == "embedding.weight";
  return "a network of " + std::to_string(num_parameters_) + " parameters would take " +
         std::to_string(copies * num_parameters_ * std::int64_t{sizeof(float)}) +
         " bytes, more memory than there is; most of them are " + most.name + " of shape (" +
         shape +
         (embeds ? "): number tokens from 0 on without gaps, or lower embedding_size"
                 : "): lower hidden_size");
}

void NetworkLayout::add(const std::string& name, const std::vector<std::int64_t>& shape,
                        bool decays) {
  constexpr std::int64_t kMost = std::int64_t{1} << 46;  // far beyond memory, far below overflow
  std::int64_t size = 1;
  for (const std::int64_t n : shape) {
    if (n > kMost / size) {
      throw std::invalid_argument(name +
                                  " would be too large; lower hidden_size, input_size or "
                                  "embedding_size");
    }
    size *= n;
  }
  if (num_parameters_ > kMost - size) {
    throw std::invalid_argument("the model would be too large; lower num_layers or hidden_size");
  }
  parameters_.push_back({name, shape, num_parameters_, size, decays});
  num_parameters_ += size;
}

}  // namespace skrnn
