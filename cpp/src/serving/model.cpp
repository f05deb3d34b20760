#include "skrnn/model.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "losses/rows.h"
#include "network/prediction.h"
#include "serving/chain_answers.h"
#include "serving/channel_operations.h"
#include "serving/model_impl.h"
#include "serving/window_errors.h"

namespace skrnn {
namespace {

Buffer<float> copy_of(const float* from, std::int64_t n) {
  Buffer<float> copy = make_buffer<float>(n, "the parameters of a model");
  std::copy_n(from, n, copy.get());
  return copy;
}

void require_size(const char* what, std::size_t size, std::int64_t expected) {
  if (static_cast<std::int64_t>(size) != expected) {
    throw std::invalid_argument(std::string(what) + " must have " + std::to_string(expected) +
                                " values, got " + std::to_string(size));
  }
}

std::optional<LinearChain> chain_of(const NetworkLayout& layout, const LossSettings& loss,
                                    const float* parameters) {
  const NetworkSettings& network = layout.settings();
  if (!network.transitions) return std::nullopt;
  if (loss.name != "cross_entropy") {
    throw std::invalid_argument("a network with transitions needs loss 'cross_entropy', got '" +
                                loss.name + "'");
  }
  const std::int64_t K = network.output_size;  // the transitions are the last parameters
  const float* scores = parameters + layout.num_parameters() - TransitionScores::size(K);
  return LinearChain(TransitionScores::at(K, scores));
}

// `data` as the network reads them; `values` owns their channels.
SequenceData prepared(const Model& model, const SequenceData& data, Buffer<float>& values) {
  if (model.settings().operations.empty() || data.windows) return data;
  const std::int64_t steps = data.offsets[data.size];
  values = make_buffer<float>(steps * model.channels(), "the channels of all steps");
  model.prepare(steps, data.values, values.get());
  SequenceData result = data;
  result.values = values.get();
  return result;
}

void check_windows(const Windows& windows, const ServingSettings& settings) {
  const NetworkSettings& network = settings.network;
  if (network.reads_tokens() || !settings.operations.empty()) {
    throw std::invalid_argument(
        "windows are of series that a network reads as they are, but the model reads tokens, or "
        "has operations on channels");
  }
  const auto require = [](const char* what, std::int64_t found, std::int64_t expected) {
    if (found == expected) return;
    throw std::invalid_argument("windows have " + std::to_string(found) + " " + what +
                                ", but the network reads " + std::to_string(expected));
  };
  require("channels", windows.channels(), network.input_size);
  require("covariates of a step to come", windows.future_covariates, network.future_covariates);
  if (network.future_covariates > 0) require("steps to come", windows.horizon, network.horizon);
}

}  // namespace

Model::Impl::Impl(const ServingSettings& s, Buffer<float> p, const std::string& d)
    : settings(s),
      description(d),
      parameters(std::move(p)),
      packed(NetworkLayout(s.network), false),
      loss(&find_loss(s.loss.name)),
      context(context_of(s.loss, s.targets, s.network.output_size)),
      units{settings.target_mean.empty() ? nullptr : settings.target_mean.data(),
            settings.target_scale.empty() ? nullptr : settings.target_scale.data()},
      chain(chain_of(packed.layout(), s.loss, parameters.get())) {
  if (!s.target_mean.empty()) require_size("target_mean", s.target_mean.size(), s.targets);
  if (!s.target_scale.empty()) require_size("target_scale", s.target_scale.size(), s.targets);
  if (!s.operations.empty() && s.network.reads_tokens()) {
    throw std::invalid_argument("operations are for channels, but the network reads tokens");
  }
  for (const ChannelOperation& operation : s.operations) {
    require_size("an operation", operation.values.size(), s.network.input_size);
  }
  packed.load(parameters.get());
}

void Model::Impl::answer(std::int64_t rows, float* outputs, double* answers,
                         int threads) const noexcept {
  const std::int64_t K = context.outputs;
  for_each_row(context, rows, threads, [&](std::int64_t row) {
    loss->link(context, outputs + row * K);
    loss->answer(context, outputs + row * K, units, answers + row * K);
  });
}

Model::Model(const ServingSettings& settings, const float* parameters)
    : impl_(std::make_shared<const Impl>(
          settings, copy_of(parameters, NetworkLayout(settings.network).num_parameters()), "")) {}

Model::Model(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

const ServingSettings& Model::settings() const { return impl_->settings; }
const NetworkLayout& Model::network() const { return impl_->packed.layout(); }
const float* Model::parameters() const { return impl_->parameters.get(); }
const std::string& Model::description() const { return impl_->description; }
std::int64_t Model::answer_size() const { return impl_->context.outputs; }
std::int64_t Model::channels() const { return impl_->channels(); }

void Model::Impl::check(const SequenceData& data) const {
  for (std::int64_t i = 0; i < data.size; ++i) {
    if (data.offsets[i] >= data.offsets[i + 1]) {
      throw std::invalid_argument("sequence " + std::to_string(i) + " has no steps");
    }
  }
  if (settings.network.reads_letters() && data.words == nullptr) {
    throw std::invalid_argument(
        "the model reads the letters of words, but the data has no spellings");
  }
  if (data.side.channels != settings.network.side_channels) {
    throw std::invalid_argument(
        "the model reads " + std::to_string(settings.network.side_channels) +
        " side channels, but the data has " + std::to_string(data.side.channels));
  }
  if (data.windows) {
    check_windows(data.windows, settings);
  } else if (settings.network.future_covariates > 0) {
    throw std::invalid_argument("the model reads covariates of steps to come, which windows have");
  }
}

Buffer<float> Model::Impl::outputs(const SequenceData& data, int threads, KeepGoing keep_going,
                                   void* keep_context) const {
  check(data);
  const std::int64_t rows = output_rows(settings.network, data);
  Buffer<float> result = make_buffer<float>(rows * context.outputs, "the outputs of all sequences");
  if (!skrnn::predict(packed, data, result.get(), threads, keep_going, keep_context))
    return nullptr;
  return result;
}

bool Model::predict(const SequenceData& data, double* answers, int threads, KeepGoing keep_going,
                    void* context) const {
  Buffer<float> values;
  return predict_prepared(prepared(*this, data, values), answers, threads, keep_going, context);
}

bool Model::predict_prepared(const SequenceData& data, double* answers, int threads,
                             KeepGoing keep_going, void* context) const {
  const Buffer<float> outputs = impl_->outputs(data, threads, keep_going, context);
  if (outputs == nullptr) return false;
  if (impl_->chain) {
    return chain_marginals(*impl_->chain, data, outputs.get(), answers, threads, keep_going,
                           context);
  }
  impl_->answer(output_rows(impl_->settings.network, data), outputs.get(), answers, threads);
  return true;
}

bool Model::window_errors(const SequenceData& data, double* errors, int threads,
                          KeepGoing keep_going, void* context) const {
  impl_->check(data);
  if (!data.windows || impl_->context.targets != impl_->context.outputs) {
    throw std::invalid_argument(
        "errors of windows need data of windows, and a network with one output for each target");
  }
  return skrnn::window_errors(impl_->packed, data, errors, threads, keep_going, context);
}

bool Model::best_paths(const SequenceData& data, std::int64_t n, std::int64_t* labels,
                       double* scores, int threads, KeepGoing keep_going, void* context) const {
  Buffer<float> values;
  return best_paths_prepared(prepared(*this, data, values), n, labels, scores, threads, keep_going,
                             context);
}

bool Model::best_paths_prepared(const SequenceData& data, std::int64_t n, std::int64_t* labels,
                                double* scores, int threads, KeepGoing keep_going,
                                void* context) const {
  if (!impl_->chain) {
    throw std::invalid_argument(
        "a network without transitions has no best paths: its steps have their labels one by one; "
        "take the most probable label of each from predict");
  }
  if (n < 1) throw std::invalid_argument("n must be at least 1, got " + std::to_string(n));
  const Buffer<float> outputs = impl_->outputs(data, threads, keep_going, context);
  if (outputs == nullptr) return false;
  return chain_best_paths(*impl_->chain, data, outputs.get(), n, labels, scores, threads,
                          keep_going, context);
}

void Model::prepare(std::int64_t rows, const float* raw, float* prepared) const noexcept {
  apply(impl_->settings.operations, rows, channels(), raw, prepared);
}
void Model::prepare(std::int64_t rows, const double* raw, float* prepared) const noexcept {
  apply(impl_->settings.operations, rows, channels(), raw, prepared);
}

}  // namespace skrnn
