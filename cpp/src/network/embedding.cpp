#include "network/embedding.h"

#include <algorithm>

namespace skrnn {

Embedding::Embedding(ParameterList& parameters, const std::string& name, std::int64_t tokens,
                     std::int64_t size, bool tied)
    : tokens_(tokens), size_(size), tied_(tied) {
  Parameter table;
  table.name = name + ".weight";
  table.shape = {tokens, size};
  table.remedy = "number tokens from 0 on without gaps, or lower embedding_size";
  offset_ = parameters.add(table);
}

void Embedding::look_up(std::int64_t rows, const std::int64_t* tokens,
                        float* embedded) const noexcept {
  for (std::int64_t row = 0; row < rows; ++row) {
    embedded = std::copy_n(table_ + tokens[row] * size_, size_, embedded);
  }
}

void Embedding::backward(std::int64_t rows, const std::int64_t* tokens, const float* dembedded,
                         const std::vector<std::int64_t>& written, float* gradient) const {
  float* dtable = gradient + offset_;
  if (is_sparse()) {
    for (const std::int64_t token : written) std::fill_n(dtable + token * size_, size_, 0.0f);
  } else if (!tied_) {
    std::fill_n(dtable, tokens_ * size_, 0.0f);
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    float* to = dtable + tokens[row] * size_;
    for (std::int64_t e = 0; e < size_; ++e) to[e] += dembedded[row * size_ + e];
  }
}

const float* EmbeddingPass::forward(const Minibatch& batch, const Dropout* dropout) {
  replaced_.clear();
  if (dropout != nullptr && dropout->word_rate > 0) {
    replaced_ = batch.tokens();
    batch.for_each_row([&](std::int64_t row, std::int64_t rank, std::int64_t step) {
      float keeps;
      dropout->mask(dropout->word_rate, kInputTokens, DropoutSite::kOutput, batch.sample(rank),
                    dropout->steps_before + step, 1, &keeps);
      if (keeps == 0.0f) replaced_[row] = 0;
    });
  }
  float* embedded = embedded_.reserve(batch.rows() * embedding_.size());
  embedding_.look_up(batch.rows(), tokens(batch), embedded);
  return embedded;
}

void EmbeddingPass::backward(const Minibatch& batch, const float* dembedded, float* gradient,
                             GradientRanges& ranges) {
  const std::int64_t* read = tokens(batch);
  if (embedding_.is_sparse()) {
    written_.assign(read, read + batch.rows());
    std::sort(written_.begin(), written_.end());
    written_.erase(std::unique(written_.begin(), written_.end()), written_.end());
    ranges.keep_rows(embedding_.place(), written_, embedding_.size());
  }
  embedding_.backward(batch.rows(), read, dembedded, written_, gradient);
}

}  // namespace skrnn
