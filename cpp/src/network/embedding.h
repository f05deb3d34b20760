// An embedding: the vector of token v is row v of a table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "network/dropout.h"
#include "network/gradient_ranges.h"
#include "network/minibatch.h"
#include "network/parameter_list.h"

namespace skrnn {

// The table is the parameter <name>.weight [V, E]. It is read in place, so `parameters` must
// outlive the object.
class Embedding {
 public:
  // A `tied` table is also the weight of a Dense.
  Embedding(ParameterList& parameters, const std::string& name, std::int64_t tokens,
            std::int64_t size, bool tied);

  void load(const float* parameters) { table_ = parameters + offset_; }

  std::int64_t size() const { return size_; }  // E
  void look_up(std::int64_t rows, const std::int64_t* tokens /* [rows], 0..V-1 */,
               float* embedded /* [rows, E] */) const noexcept;
  // True if backward writes the rows of tokens that occur, and leaves the others as they are. That
  // depends on the layout alone, so that small tables train as any other parameter.
  bool is_sparse() const { return !tied_ && tokens_ * size_ >= kSparseFloats; }
  Range place() const { return {offset_, offset_ + tokens_ * size_}; }  // in the arena

  // Writes the gradient of the table to its place in the arena `gradient`: of `written`, the tokens
  // that occur, if the table is sparse; else of all tokens, zeros for those that do not occur. If
  // it is tied, adds to the gradient that the Dense has written.
  void backward(std::int64_t rows, const std::int64_t* tokens, const float* dembedded,
                const std::vector<std::int64_t>& written, float* gradient) const;

 private:
  // A table of as many floats, a megabyte, costs an update of Adam about a tenth of a millisecond.
  static constexpr std::int64_t kSparseFloats = std::int64_t{1} << 18;

  std::int64_t tokens_;  // V
  std::int64_t size_;    // E
  bool tied_;
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
  // Takes what it does not write out of `ranges`.
  void backward(const Minibatch& batch, const float* dembedded, float* gradient,
                GradientRanges& ranges);

 private:
  const std::int64_t* tokens(const Minibatch& batch) const {  // [rows], of the last forward pass
    return replaced_.empty() ? batch.tokens().data() : replaced_.data();
  }

  const Embedding& embedding_;
  // What the last forward pass read in place of the minibatch's tokens; empty if it read those.
  std::vector<std::int64_t> replaced_;
  Workspace<float> embedded_;          // [rows, E]
  std::vector<std::int64_t> written_;  // the tokens that were read, ascending
};

}  // namespace skrnn
