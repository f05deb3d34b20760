// A cell's view of the data: one block of kLanes hidden units at one step, for N sequences in
// lockstep.
#pragma once

#include "layer/kernel_table.h"
#include "simd/activations.h"

namespace skrnn::SKRNN_ISA {

// Sequences that a cell's equations take in lockstep; divides the rows of every tile of full
// height.
constexpr int kLockstep = 3;

// The first `lanes` lanes of one packet for each sequence.
template <int N>
SKRNN_INLINE Wide<N> gather(const float* const (&from)[N], int lanes) {
  Wide<N> result;
  for (int n = 0; n < N; ++n) result.at[n] = load(from[n], lanes);
  return result;
}
template <int N>
SKRNN_INLINE void scatter(float* const (&to)[N], Wide<N> a, int lanes) {
  for (int n = 0; n < N; ++n) store(to[n], a.at[n], lanes);
}
// Packet number `place` of whole packets in a row.
template <int N>
SKRNN_INLINE Wide<N> gather_packet(const float* const (&from)[N], int place) {
  Wide<N> result;
  for (int n = 0; n < N; ++n) result.at[n] = load(from[n] + place * kLanes);
  return result;
}
template <int N>
SKRNN_INLINE void scatter_packet(float* const (&to)[N], int place, Wide<N> a) {
  for (int n = 0; n < N; ++n) store(to[n] + place * kLanes, a.at[n]);
}

// Forward.
template <int N>
struct Units {
  using V = Wide<N>;

  int lanes;  // lanes that hold units
  bool saves;
  bool masks;
  const float* sums[N];
  const float* state_prev_[kMostStates][N];
  float* state_[kMostStates][N];
  float* saved_[N];
  float* operand_[N];
  const float* recurrent_[N];
  const float* mask_[N] = {};  // set if it masks
  float* masked_[N] = {};
  const float* vectors_[N];

  // Number `place` of the stage's sums over inputs and recurrent units.
  SKRNN_INLINE V sum(int place) const { return gather_packet<N>(sums, place); }
  // Number `place` of the cell's vectors, which follow the shared parameters in Cell::kParameters.
  SKRNN_INLINE V vector(int place) const { return gather_packet<N>(vectors_, place); }
  // The states before the step, by their number in Cell::kStates.
  SKRNN_INLINE V h_prev() const { return state_prev(0); }
  SKRNN_INLINE V state_prev(int number) const { return gather<N>(state_prev_[number], lanes); }
  // h before the step as the recurrent weights read it: times its dropout mask, if there is one.
  SKRNN_INLINE V recurrent() const { return gather<N>(recurrent_, lanes); }
  // The states after it.
  SKRNN_INLINE void set_h(V h) const {
    set_state(0, h);
    if (masks) scatter<N>(masked_, mul(h, gather<N>(mask_, lanes)), lanes);
  }
  SKRNN_INLINE void set_state(int number, V a) const { scatter<N>(state_[number], a, lanes); }
  // The operand of the second stage's recurrent weights.
  SKRNN_INLINE void set_operand(V a) const { scatter<N>(operand_, a, lanes); }
  // Values for the backward pass, or for the second stage.
  SKRNN_INLINE void save(int place, V a) const { scatter_packet<N>(saved_, place, a); }
  SKRNN_INLINE V saved(int place) const {
    V result;
    for (int n = 0; n < N; ++n) result.at[n] = load(saved_[n] + place * kLanes);
    return result;
  }
};

// Backward. dh() and dstate() are dL/dh and dL/d(another state) of this step; the cell replaces
// them by their share that goes to the step before directly, not through the recurrent weights. In
// a first stage, doperand() is the gradient by the second stage's operand.
template <int N>
struct UnitGradients {
  using V = Wide<N>;

  int lanes;
  const float* state_prev_[kMostStates][N];
  const float* state_[kMostStates][N];
  const float* saved_[N];
  float* dstate_[kMostStates][N];
  const float* doperand_[N];
  const float* mask_[N];
  float* dsums[N];
  const float* vectors_[N];
  float* dvectors_[N];

  SKRNN_INLINE V h_prev() const { return state_prev(0); }
  SKRNN_INLINE V h() const { return state(0); }
  SKRNN_INLINE V state_prev(int number) const { return gather<N>(state_prev_[number], lanes); }
  SKRNN_INLINE V state(int number) const { return gather<N>(state_[number], lanes); }
  SKRNN_INLINE V saved(int place) const { return gather_packet<N>(saved_, place); }
  SKRNN_INLINE V dh() const { return dstate(0); }
  SKRNN_INLINE V dstate(int number) const { return gather_packet<N>(dstate_[number], 0); }
  SKRNN_INLINE V vector(int place) const { return gather_packet<N>(vectors_, place); }
  SKRNN_INLINE V doperand() const { return gather_packet<N>(doperand_, 0); }
  // The factor of h before the product with the recurrent weights.
  SKRNN_INLINE V mask() const { return gather<N>(mask_, lanes); }
  SKRNN_INLINE void set_dh(V a) const { set_dstate(0, a); }
  SKRNN_INLINE void set_dstate(int number, V a) const { scatter_packet<N>(dstate_[number], 0, a); }
  // dL/d(vector number `place`) by this step. One stage of the cell sets it.
  SKRNN_INLINE void set_dvector(int place, V a) const { scatter_packet<N>(dvectors_, place, a); }
  // dL/d(sum number `place`). Lanes without a unit are inner indices of the products that follow:
  // they are zeroed, or an infinite state would send 0 * infinity from there into real gradients.
  SKRNN_INLINE void set_dsum(int place, V a) const {
    for (int n = 0; n < N; ++n) {
      store(dsums[n] + place * kLanes, lanes < kLanes ? keep_first(a.at[n], lanes) : a.at[n]);
    }
  }
};

// a * (1 - a), the derivative of the sigmoid whose value is a, and 1 - a^2, that of tanh.
template <class V>
SKRNN_INLINE V sigmoid_slope(V a) {
  return mul(a, sub(V(splat(1.0f)), a));
}
template <class V>
SKRNN_INLINE V tanh_slope(V a) {
  return mul(sub(V(splat(1.0f)), a), add(V(splat(1.0f)), a));
}

// (1 - z) n + z h. Exact at z = 0 and z = 1, so that a saturated gate keeps its state unchanged.
template <class V>
SKRNN_INLINE V interpolate(V z, V n, V h) {
  return mul_add(z, h, mul_add(sub(V(splat(0.0f)), z), n, n));
}

}  // namespace skrnn::SKRNN_ISA
