// An embedding: the vector of token v is row v of a table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "network/dropout.h"
#include "network/minibatch.h"
#include "network/parameter_list.h"

namespace skrnn {

// The table is the parameter <name>.weight [V, E]. It is read in place, so `parameters` must
// outlive the object.
class Embedding {
 public:
  Embedding(ParameterList& parameters, const std::string& name, std::int64_t tokens,
            std::int64_t size);

  void load(const float* parameters) { table_ = parameters + offset_; }

  std::int64_t size() const { return size_; }  // E
  void look_up(std::int64_t rows, const std::int64_t* tokens /* [rows], 0..V-1 */,
               float* embedded /* [rows, E] */) const noexcept;
  // Writes the gradient of the whole table to its place in the arena `gradient`: zeros for tokens
  // that do not occur.
  void backward(std::int64_t rows, const std::int64_t* tokens, const float* dembedded,
                float* gradient) const;

 private:
  std::int64_t tokens_;  // V
  std::int64_t size_;    // E
  std::int64_t offset_;
  const float* table_ = nullptr;
};

// An embedding in one pass of a minibatch.
class EmbeddingPass {
 public:
  explicit EmbeddingPass(const Embedding& embedding) : embedding_(embedding) {}

  // [rows, E], valid until the next call. `dropout`, or null outside training, replaces tokens by
  // token 0.
  const float* forward(const Minibatch& batch, const Dropout* dropout);
  void backward(const Minibatch& batch, const float* dembedded, float* gradient) const;

 private:
  const std::int64_t* tokens(const Minibatch& batch) const {  // [rows], of the last forward pass
    return replaced_.empty() ? batch.tokens().data() : replaced_.data();
  }

  const Embedding& embedding_;
  // What the last forward pass read in place of the minibatch's tokens; empty if it read those.
  std::vector<std::int64_t> replaced_;
  Workspace<float> embedded_;  // [rows, E]
};

}  // namespace skrnn
