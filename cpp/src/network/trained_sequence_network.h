// The network of skrnn/network.h, in training.
#pragma once

#include <vector>

#include "network/network_pass.h"
#include "network/output_rows.h"
#include "network/trained_network.h"

namespace skrnn {

class TrainedSequenceNetwork final : public TrainedNetwork {
 public:
  explicit TrainedSequenceNetwork(const NetworkLayout& layout) : packed_(layout, true) {}

  const NetworkLayout& layout() const { return packed_.layout(); }
  // Sets the data of later calls; both arguments must stay valid. With `dh_steps`, backward also
  // writes dL/dh of every layer and direction there, as NetworkPass does.
  void set_data(const SequenceData& data, std::vector<Buffer<float>>* dh_steps = nullptr) {
    data_ = &data;
    dh_steps_ = dh_steps;
  }
  const Minibatch& batch() const { return batch_; }

  const std::vector<Parameter>& parameters() const override { return layout().parameters(); }
  std::int64_t num_parameters() const override { return layout().num_parameters(); }
  const SequenceData& data() const override { return *data_; }
  void load(const float* parameters) override { packed_.load(parameters); }
  const Minibatch& gather(const std::int64_t* samples, std::int64_t count, std::int64_t first_step,
                          std::int64_t max_steps) override {
    batch_.gather(*data_, samples, count, first_step, max_steps, layout().settings().input_size,
                  layout().directions() == 2);
    return batch_;
  }
  void reset_states() override { states_ = {}; }
  Outputs forward(const Dropout& dropout, bool carries_states, int threads) override {
    CarriedStates* states = carries_states ? &states_ : nullptr;
    return {pass_.forward(batch_, &dropout, states, threads), pass_.output_floats(batch_)};
  }
  void backward(const float* doutputs, float* gradient, GradientRanges& ranges,
                int threads) override {
    pass_.backward(batch_, doutputs, gradient, ranges, threads, dh_steps_);
  }

 private:
  PackedNetwork packed_;
  NetworkPass pass_{packed_};
  const SequenceData* data_ = nullptr;
  std::vector<Buffer<float>>* dh_steps_ = nullptr;
  Minibatch batch_;
  CarriedStates states_;  // of the minibatch, if they are carried
};

}  // namespace skrnn
