// Side channels in one pass of a minibatch: known vectors beside what is learned of the tokens.
#pragma once

#include <cstdint>

#include "base/buffer.h"
#include "network/columns.h"
#include "network/minibatch.h"

namespace skrnn {

// They have no parameters: the weights of the first layer are as much wider.
class SideChannelsPass {
 public:
  // `columns` is W, of what they join; `channels` is K.
  SideChannelsPass(std::int64_t columns, std::int64_t channels)
      : columns_(columns), channels_(channels) {}

  // [rows, W + K]: the minibatch's side channels behind x; valid until the next call.
  const float* forward(const Minibatch& batch, const float* x /* [rows, W] */) {
    const std::int64_t rows = batch.rows(), W = columns_, K = channels_;
    float* joined = joined_.reserve(rows * (W + K));
    copy_columns(rows, W, x, W, joined, W + K);
    copy_columns(rows, K, batch.side(), K, joined + W, W + K);
    return joined;
  }

  // The gradient by x, [rows, W]; valid until the next call.
  const float* backward(const Minibatch& batch, const float* djoined /* [rows, W + K] */) {
    float* dx = dx_.reserve(batch.rows() * columns_);
    copy_columns(batch.rows(), columns_, djoined, columns_ + channels_, dx, columns_);
    return dx;
  }

 private:
  std::int64_t columns_, channels_;
  Workspace<float> joined_, dx_;
};

}  // namespace skrnn
